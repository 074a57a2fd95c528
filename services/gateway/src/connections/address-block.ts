import { isIPv6 } from "node:net";

/** IPv4 as such: a socket that serves both kinds writes it as `::ffff:10.1.2.3`. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/**
 * What one caller has of the addresses of the net, as a text to count by: an IPv4 address by itself, of IPv6 the first 64
 * bits, because whoever has one such address has all of its network.
 */
export function addressBlock(address: string): string {
  const [bare = ""] = plainAddress(address).split("%");
  if (!isIPv6(bare)) return bare;
  const [head = "", tail] = bare.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? 0 : tail.split(":").length + (tail.includes(".") ? 1 : 0);
    while (groups.length + behind < 8) groups.push("0");
    groups.push(...tail.split(":"));
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
