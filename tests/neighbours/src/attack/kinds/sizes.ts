const mebibyte = 1024 * 1024;

/** A request that fits into what every call may have, one that is large, and one just below 16 MiB. */
export const requestBytes = [64 * 1024, mebibyte, 16 * mebibyte - 4096] as const;
/** What a compressed request unpacks to: below what one plain request may have, and far above it. */
export const unpackedBytes = [4 * mebibyte, 16 * mebibyte - 4096, 64 * mebibyte] as const;
/** Bodies over HTTP: within the limit, and above it. */
export const bodyBytes = [mebibyte - 4096, 2 * mebibyte] as const;
