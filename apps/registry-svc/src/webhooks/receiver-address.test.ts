import { SettingError } from "@mintmark/http-edge/settings";
import { describe, expect, it } from "vitest";
import { isPublic, type ReceiverRules, receiverRules, resolveReceiver } from "./receiver-address.ts";

const never = new AbortController().signal;

describe("an address", () => {
  it.each([
    "1.1.1.1",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "2606:4700::1111",
  ])("%s is public", (address) => expect(isPublic(address)).toBe(true));

  it.each([
    ["0.0.0.0", "this host"],
    ["0.1.2.3", "this network"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["10.0.0.1", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "carrier-grade NAT"],
    ["100.100.100.200", "metadata of Alibaba"],
    ["169.254.169.254", "metadata of most clouds"],
    ["168.63.129.16", "the host on Azure"],
    ["192.0.0.192", "metadata of Oracle"],
    ["192.0.2.1", "documentation"],
    ["198.18.0.1", "benchmarks"],
    ["198.51.100.1", "documentation"],
    ["203.0.113.1", "documentation"],
    ["224.0.0.1", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::", "this host"],
    ["::1", "loopback"],
    ["::127.0.0.1", "IPv4-compatible"],
    ["::ffff:127.0.0.1", "IPv4-mapped"],
    ["::ffff:8.8.8.8", "IPv4-mapped, public inside"],
    ["::ffff:0:127.0.0.1", "IPv4-translated"],
    ["64:ff9b::7f00:1", "NAT64"],
    ["64:ff9b:1::a00:1", "NAT64 of a local network"],
    ["2002:7f00:1::", "6to4"],
    ["2001::1", "Teredo"],
    ["2001:db8::1", "documentation"],
    ["3fff::1", "documentation"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "link-local with a zone"],
    ["fec0::1", "site-local"],
    ["fc00::1", "private"],
    ["fd00:ec2::254", "metadata of AWS"],
    ["ff02::1", "multicast"],
    ["100::1", "discarded"],
    ["4000::1", "not given out"],
    ["5f00::1", "segment routing"],
    ["no address", "none at all"],
  ])("%s is not: %s", (address) => expect(isPublic(address)).toBe(false));
});

describe("a URL is refused", () => {
  it.each([
    ["that is none", "nonsense", /is not a URL/],
    ["of another scheme", "ftp://1.1.1.1/", /ftp:/],
    ["of a file", "file:///etc/passwd", /file:/],
    ["without encryption", "http://1.1.1.1/", /is not https/],
    ["with a password", "https://u:p@1.1.1.1/", /password/],
    ["with a user", "https://u@1.1.1.1/", /user name/],
    ["of a private address", "https://10.0.0.1/", /is at 10\.0\.0\.1/],
    ["of an address in octal", "https://0177.0.0.1/", /is at 127\.0\.0\.1/],
    ["of an address as one number", "https://2130706433/", /is at 127\.0\.0\.1/],
    ["of a short address", "https://127.1/", /is at 127\.0\.0\.1/],
    ["of an address in wide letters", "https://１２７.0.0.1/", /is at 127\.0\.0\.1/],
    ["of IPv6's loopback", "https://[::1]/", /is at ::1/],
    ["of a mapped address", "https://[::ffff:169.254.169.254]/", /is at ::ffff:a9fe:a9fe/],
    ["of a name with a private address among others", "https://mixed.test/", /is at 192\.168\.0\.7/],
    ["of a name that does not exist", "https://missing.test/", /cannot be resolved \(ENOTFOUND\)/],
    ["of a name without addresses", "https://empty.test/", /without an address/],
  ])("%s", async (_, url, problem) => {
    await expect(resolveReceiver(url, rules(""), never)).rejects.toMatchObject({
      reason: "WEBHOOK_URL_REFUSED",
      message: expect.stringMatching(problem),
    });
  });

  it("whose name is not resolved in time", async () => {
    const slow: ReceiverRules = { allowed: new Set(), resolve: () => new Promise(() => {}) };
    await expect(resolveReceiver("https://slow.test/", slow, AbortSignal.timeout(20))).rejects.toThrow(/in time/);
  });
});

describe("a URL passes", () => {
  it("with a public address, and the connection goes to what was resolved", async () => {
    const { addresses } = await resolveReceiver("https://public.test/hook", rules(""), never);
    expect(addresses).toEqual([{ address: "1.1.1.1", family: 4 }]);
  });

  it.each([
    ["localhost", "http://localhost:9/", true],
    ["localhost:9", "http://localhost:9/", true],
    ["localhost:9", "http://localhost:10/", false],
    ["LOCALHOST:443", "https://localhost/", true],
    ["[::1]:8443", "https://[::1]:8443/", true],
    ["mixed.test", "http://mixed.test/", true],
    ["mixed.test", "http://sub.mixed.test/", false],
    ["10.0.0.1, 10.0.0.2", "http://10.0.0.2/", true],
  ])("where %s is allowed: %s is %s", async (allow, url, passes) => {
    const answer = await resolveReceiver(url, rules(allow), never).then(
      () => true,
      () => false,
    );
    expect(answer).toBe(passes);
  });

  it.each(["http://x", "x/y", "u@x", "x:y", "x:123456", "a b"])("and %s cannot be allowed", (entry) =>
    expect(() => receiverRules(entry)).toThrow(SettingError),
  );
});

function rules(allow: string): ReceiverRules {
  const names: Readonly<Record<string, readonly string[]>> = {
    "public.test": ["1.1.1.1"],
    "mixed.test": ["1.1.1.1", "192.168.0.7"],
    "empty.test": [],
    localhost: ["127.0.0.1"],
  };
  return {
    ...receiverRules(allow),
    resolve: async (name) => {
      const addresses = names[name];
      if (addresses === undefined) throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
      return addresses.map((address) => ({ address, family: 4 }));
    },
  };
}
