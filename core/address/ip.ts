/**
 * Which IP addresses are of the public internet.
 * @module
 */

/** First address and prefix length of what is no public IPv4 address (IANA's special-purpose registry and multicast). */
const RESERVED_IPV4: readonly (readonly [base: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** IPv6: what is not public inside 2000::/3; everything outside of that is not public either. */
const RESERVED_IPV6: readonly (readonly [base: string, bits: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/** @returns the address as a number, or null if the text is not four decimal parts of 0 to 255 without extra zeros. */
export function parseIpv4(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part)) return null;
    const byte = Number(part);
    if (byte > 255) return null;
    value = value * 256 + byte;
  }
  return value;
}

/** @returns the address as a number of 128 bits, or null; brackets and zone identifiers are not accepted. */
export function parseIpv6(text: string): bigint | null {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text)) return null;
  let source = text;
  const tail = source.slice(source.lastIndexOf(":") + 1);
  if (tail.includes(".")) {
    const low = parseIpv4(tail);
    if (low === null) return null;
    const groups = `${Math.floor(low / 65_536).toString(16)}:${(low % 65_536).toString(16)}`;
    source = source.slice(0, source.length - tail.length) + groups;
  }
  const halves = source.split("::");
  if (halves.length > 2) return null;
  const [left = [], right = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  let value = 0n;
  for (const group of [...left, ...new Array<string>(missing).fill("0"), ...right]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
    value = value * 65_536n + BigInt(`0x${group}`);
  }
  return value;
}

function isPublicIpv4(value: number): boolean {
  return !RESERVED_IPV4.some(([base, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(value / size) === Math.floor((parseIpv4(base) ?? 0) / size);
  });
}

const inIpv6Range = (value: bigint, base: string, bits: number): boolean =>
  value >> BigInt(128 - bits) === (parseIpv6(base) ?? 0n) >> BigInt(128 - bits);

/**
 * Is this an address that anybody on the internet may reach? IPv4 in IPv6 (mapped, NAT64) is judged by its IPv4 part.
 * @param ip an IPv4 or IPv6 address without brackets; anything else answers false.
 */
export function isPublicIp(ip: string): boolean {
  const ipv4 = parseIpv4(ip);
  if (ipv4 !== null) return isPublicIpv4(ipv4);
  const ipv6 = parseIpv6(ip);
  if (ipv6 === null) return false;
  if (inIpv6Range(ipv6, "::ffff:0:0", 96) || inIpv6Range(ipv6, "64:ff9b::", 96))
    return isPublicIpv4(Number(ipv6 & 0xff_ff_ff_ffn));
  if (!inIpv6Range(ipv6, "2000::", 3)) return false;
  return !RESERVED_IPV6.some(([base, bits]) => inIpv6Range(ipv6, base, bits));
}
