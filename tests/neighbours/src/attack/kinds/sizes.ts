const mebibyte = 1024 * 1024;

/** One just below 16 MiB, one that is large, and one that fits into what every call may have. */
export const requestBytes = [16 * mebibyte - 4096, mebibyte, 64 * 1024] as const;
/** What a compressed request unpacks to: as much as the largest plain one, less, and far more. */
export const unpackedBytes = [16 * mebibyte - 4096, 4 * mebibyte, 64 * mebibyte] as const;
/** A text that is as long as a payload may be, one that fills the largest request, and a short one. */
export const textBytes = [4 * mebibyte - 128 * 1024, 16 * mebibyte - 64 * 1024, 64 * 1024] as const;
/** Bodies over HTTP: within the limit, and above it. */
export const bodyBytes = [mebibyte - 4096, 2 * mebibyte] as const;
