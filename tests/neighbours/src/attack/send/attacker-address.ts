/**
 * Where the attacker connects to and from: another address of this machine than that of the neighbour, so that what one
 * address may have is not the neighbour's, too.
 */
export const attackerAddress = { host: "127.0.0.1", localAddress: "127.0.0.2" } as const;
