import { expect, it } from "vitest";
import { isPublicAddress } from "./is-public-address.js";

it.each(["8.8.8.8", "93.184.216.34", "1.1.1.1", "172.32.0.1", "2606:2800:220:1::1", "[2606:4700::1111]"])(
  "public: %s",
  (address) => expect(isPublicAddress(address)).toBe(true),
);

it.each<[string, string]>([
  ["loopback", "127.0.0.1"],
  ["loopback elsewhere", "127.8.8.8"],
  ["this host", "0.0.0.0"],
  ["private, class A", "10.1.2.3"],
  ["private, class B", "172.16.0.1"],
  ["private, class C", "192.168.1.1"],
  ["link-local and metadata", "169.254.169.254"],
  ["shared by carriers, and Alibaba's metadata", "100.100.100.200"],
  ["Azure's services", "168.63.129.16"],
  ["Oracle's metadata", "192.0.0.192"],
  ["documentation", "203.0.113.5"],
  ["benchmarks", "198.18.0.1"],
  ["multicast", "224.0.0.1"],
  ["reserved", "240.0.0.1"],
  ["broadcast", "255.255.255.255"],
  ["loopback, IPv6", "::1"],
  ["unspecified, IPv6", "::"],
  ["IPv4 in IPv6", "::ffff:127.0.0.1"],
  ["IPv4 in IPv6, in hex", "::ffff:7f00:1"],
  ["public IPv4 in IPv6", "::ffff:8.8.8.8"],
  ["IPv4 in IPv6 of old", "::7f00:1"],
  ["NAT64", "64:ff9b::7f00:1"],
  ["6to4", "2002:7f00:1::1"],
  ["Teredo", "2001:0:7f00:1::1"],
  ["unique local, and AWS's metadata", "fd00:ec2::254"],
  ["link-local, IPv6", "fe80::1"],
  ["link-local with its interface", "fe80::1%eth0"],
  ["documentation, IPv6", "2001:db8::1"],
  ["multicast, IPv6", "ff02::1"],
  ["a name", "localhost"],
  ["nothing", ""],
])("not public: %s", (_case, address) => expect(isPublicAddress(address)).toBe(false));
