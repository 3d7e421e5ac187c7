import { statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useNpmStart } from "#test/kit/npm-start.ts";

const { state, start, remains, nothingRemains } = useNpmStart();

describe("npm start", { timeout: 400_000 }, () => {
  test("--once builds through the deployed API, checks what was built, prints where all is, and leaves nothing", async () => {
    const { ended, output } = start("--once", "--port", "0");

    expect(await ended, output()).toBe(0);
    const text = output();
    expect(text).toMatch(/page +http:\/\/localhost:\d+\//);
    expect(text).toMatch(/log in as +admin, password \S{16}/);
    expect(text).toMatch(/archive +http:\/\/localhost:\d+\/api\/v1\/build\/1\/archive\//);
    expect(text).toMatch(/engine +(mamba|micromamba|py-rattler) \d/);
    expect(text).toMatch(/channel +demo channel of \d+ packages/);
    expect(text).toMatch(/checked +archive and directory both run python with numpy \d/);
    expect(text).toMatch(/Build the example +\d+\.\d s/);
    expect(statSync(join(state, "password")).mode & 0o777).toBe(0o600);
    await nothingRemains();
  });

  test("a second start finds everything again and lends what is the same; Ctrl-C ends all that was started", async () => {
    const { child, says, ended, output } = start("--port", "0");
    await says("Ctrl-C ends it.");
    expect(output()).toMatch(/example +default\/example, build 2/);
    expect(output()).toContain("build 1 has the same lock");
    expect(remains().length).toBeGreaterThan(1);

    child.kill("SIGINT");

    expect(await ended).toBe(130);
    await nothingRemains();
  });

  test("a busy port is one line, and nothing is started", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;

    const { ended, output } = start("--port", String(port));

    expect(await ended).toBe(1);
    expect(output()).toContain(
      `Port ${port} is in use: end the program that has it, or choose another one with --port.`,
    );
    expect(output()).not.toMatch(/at .*\.ts:\d+/);
    await nothingRemains();
    await new Promise((resolve) => server.close(resolve));
  });

  test("a wrong option is one line and the options", async () => {
    const { ended, output } = start("--port", "many");

    expect(await ended).toBe(1);
    expect(output()).toMatch(/^--port many is no port\.\n\nusage: npm start/m);
  });
});
