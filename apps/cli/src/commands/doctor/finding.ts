/** What a check found: what is in order, or what is wrong and what to do. */
export type Finding = { ok: string } | { problem: string };

export type Check = readonly [name: string, look: () => Promise<Finding>];
