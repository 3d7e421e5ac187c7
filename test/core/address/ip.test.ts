import { isIP, isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPublicIp, parseIpv4, parseIpv6 } from "#core/address/ip.ts";

describe("isPublicIp", () => {
  it.each([
    ..."0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.0.1".split(" "),
    ..."169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1".split(" "),
    ..."192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 255.255.255.255".split(
      " ",
    ),
    ..."240.0.0.1 :: ::1 ::2 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:aa02 ::127.0.0.1".split(" "),
    ..."64:ff9b::10.0.0.1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 fc00::1".split(" "),
    ..."fd00:ec2::254 fe80::1 fec0::1 ff02::1 4000::1 FE80::1 0:0:0:0:0:0:0:1".split(" "),
  ])("refuses %s", (ip) => {
    expect(isPublicIp(ip)).toBe(false);
  });

  it.each([
    ..."1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1".split(" "),
    ..."169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0".split(
      " ",
    ),
    ..."198.17.255.255 198.20.0.0 223.255.255.255 2606:4700::1111 2a00:1450:4001::200e 2001:200::1".split(
      " ",
    ),
    ..."::ffff:1.1.1.1 ::ffff:101:101 64:ff9b::8.8.8.8 2003::1".split(" "),
  ])("lets %s through", (ip) => {
    expect(isPublicIp(ip)).toBe(true);
  });

  it.each([
    "",
    "localhost",
    "1.1.1",
    "1.1.1.1.1",
    "01.1.1.1",
    "256.1.1.1",
    "1.1.1.1 ",
    "0x7f.0.0.1",
    "2130706433",
    "fe80::1%eth0",
    "[2606:4700::1111]",
    "2606:::1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::1.1.1",
    "2606:4700::11111",
  ])("refuses %j, which is no address", (text) => {
    expect(isPublicIp(text)).toBe(false);
  });

  it("judges an IPv4 address the same when it is written inside IPv6", async () => {
    await fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        expect(isPublicIp(`::ffff:${ip}`)).toBe(isPublicIp(ip));
        expect(isPublicIp(`64:ff9b::${ip}`)).toBe(isPublicIp(ip));
      }),
    );
  });

  it("reads exactly the addresses that Node reads", async () => {
    await fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          fc.ipV6(),
          fc.string({ unit: fc.constantFrom(..."0123456789abf:."), maxLength: 20 }),
        ),
        (text) => {
          expect(parseIpv4(text) !== null || parseIpv6(text) !== null).toBe(isIP(text) !== 0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("gives equal numbers for every spelling of an IPv6 address", async () => {
    await fc.assert(
      fc.property(fc.ipV6(), (text) => {
        fc.pre(isIPv6(text));
        const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);

        expect(parseIpv6(text)).toBe(parseIpv6(canonical));
      }),
    );
  });
});
