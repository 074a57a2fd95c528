import { BlockList, isIPv4, isIPv6 } from "node:net";

/** As an address to listen on: every loopback address that the machine has, of IPv4 and IPv6. */
export const loopback = "localhost";

const addresses = new BlockList();
addresses.addSubnet("127.0.0.0", 8, "ipv4");
addresses.addAddress("::1", "ipv6");

/** Whether what listens on this address is reached from this machine alone. Names other than `localhost` are not looked up. */
export function isLoopbackAddress(address: string): boolean {
  if (address === loopback) return true;
  if (isIPv4(address)) return addresses.check(address, "ipv4");
  return isIPv6(address) && addresses.check(address, "ipv6");
}

/** The host of a `Host` header in lower case, without its port; empty where it is none. */
export function hostName(header: string | undefined): string {
  return /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(header ?? "")?.[1]?.toLowerCase() ?? "";
}

/**
 * Whether a host, as browsers write it, is this machine whatever a name server says: a loopback address, in brackets where it
 * is of IPv6, `localhost`, or a name below it.
 */
export function isLoopbackHost(host: string): boolean {
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  return isLoopbackAddress(bare) || bare.endsWith(`.${loopback}`);
}
