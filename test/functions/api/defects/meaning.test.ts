/**
 * Defects of the original that are not copied: each row names what was wrong, and its test shows what is right here. Where a
 * client depends on the wrong way both are served, which the row says.
 */
import { describe, expect, test } from "vitest";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
import { type Answer, ask, type Row, roles, specify, status, stored, useAsking } from "./asking.ts";

const aws = useMiniStack();
const on = useAsking(aws);

describe("what meant something else than it said", () => {
  const rows: readonly Row[] = [
    [
      "reading the settings of one namespace made them everybody's defaults",
      async () => {
        await ask(on.api, on.admin, `setting/${on.fresh}/`, put({ conda_default_packages: ["zlib"] }));
        await ask(on.api, on.admin, `setting/${on.fresh}/`);
        expect((await ask(on.api, on.admin, "setting/other/")).data).toMatchObject({
          conda_default_packages: [],
        });
      },
    ],
    [
      "settings were stored as they came, right or wrong",
      async () => {
        expect(
          await status(on.api, on.admin, `setting/${on.fresh}/`, put({ conda_default_packages: "zlib" })),
        ).toBe(400);
        expect((await ask(on.api, on.admin, `setting/${on.fresh}/`)).data).toMatchObject({
          conda_default_packages: [],
        });
      },
    ],
    [
      "the same channels in another order were built in the first order: clients rely on the equal hash, so that stays, but each document is kept and built as it was sent",
      async () => {
        const text = (channels: string) => `name: x\nchannels: [${channels}]\ndependencies: [python]\n`;
        const first = await specify(on.api, on.admin, on.fresh, text("conda-forge, bioconda"));
        const second = await specify(on.api, on.admin, on.fresh, text("bioconda, conda-forge"));
        expect((await stored(on.api, on.admin, first))["channels"]).toEqual(["conda-forge", "bioconda"]);
        expect((await stored(on.api, on.admin, second))["channels"]).toEqual(["bioconda", "conda-forge"]);
        const hash = async ({ data }: Answer) => {
          const build = await ask(on.api, on.admin, `build/${(data as { build_id: number }).build_id}/`);
          return (build.data as { specification: { sha256: string } }).specification.sha256;
        };
        expect(await hash(second)).toBe(await hash(first));
      },
    ],
    [
      "default packages of pip suppressed those of conda",
      async () => {
        await ask(
          on.api,
          on.admin,
          `setting/${on.fresh}/`,
          put({ conda_default_packages: ["zlib"], pypi_default_packages: ["rich"] }),
        );
        expect(
          (
            await stored(
              on.api,
              on.admin,
              await specify(on.api, on.admin, on.fresh, "name: x\ndependencies: []\n"),
            )
          )["dependencies"],
        ).toEqual(expect.arrayContaining(["zlib", { pip: ["rich"] }]));
      },
    ],
    [
      "a refusal said `False` where the missing names belong",
      async () => {
        await ask(on.api, on.admin, `setting/${on.fresh}/`, put({ conda_required_packages: ["ipykernel"] }));
        const { message } = await specify(on.api, on.admin, on.fresh, "name: x\ndependencies: [python]\n");
        expect(message).toContain("{'ipykernel'}");
      },
    ],
    [
      "only the first pip section counted",
      async () => {
        await ask(on.api, on.admin, `setting/${on.fresh}/`, put({ pypi_required_packages: ["rich"] }));
        const text = "name: x\ndependencies: [python, pip: [flask], pip: [rich]]\n";
        expect((await specify(on.api, on.admin, on.fresh, text)).http).toBe(200);
      },
    ],
    [
      "a weaker role that was given later took the stronger one away: roles unite",
      async () => {
        await createNamespace(on.api.services.db, on.fresh, new Date());
        const token = await on.api.token({ [`${on.fresh}/*`]: ["admin"] }, "guests");
        const role = { other_namespace: "guests", role: "viewer" };
        await createNamespace(on.api.services.db, "guests", new Date()).catch(() => {});
        expect(await status(on.api, on.admin, `namespace/${on.fresh}/role`, post(role))).toBe(200);
        expect((await roles(on.api, token))[`${on.fresh}/*`]).toEqual(["admin", "viewer"]);
      },
    ],
    [
      "canceling what waits was promised and not done: it has ended when that is answered, and nobody can claim it",
      async () => {
        const id = await submitted(on.api.services.db, { namespace: on.fresh, environment: "x" });
        expect(await status(on.api, on.admin, `build/${id}/cancel/`, { method: "PUT" })).toBe(200);
        expect((await ask(on.api, on.admin, `build/${id}/`)).data).toMatchObject({ status: "CANCELED" });
        expect((await claimBuild(on.api.services.db, id, "late", new Date())).won).toBe(false);
      },
    ],
    [
      "why there is no artifact was told to nobody",
      async () => {
        const answer = await ask(on.api, on.admin, `build/${on.world.queued}/archive/`);
        expect(answer).toMatchObject({ http: 404, code: "artifact_not_found" });
        expect(answer.message).toContain("QUEUED");
      },
    ],
    [
      "`exact=false` meant true, and `_` any character",
      async () => {
        const count = async (query: string) =>
          (await ask(on.api, on.admin, `build/${on.world.completed}/packages/?${query}`)).count;
        expect(await count("search=num&exact=false")).toBe(1);
        expect(await count("search=num&exact=true")).toBe(0);
        expect(await count("search=num_y&exact=true")).toBe(0);
      },
    ],
    [
      "the end of a token had one name and the client sends another: both are read",
      async () => {
        const expiration = new Date(Math.floor(Date.now() / 1000) * 1000 + 60_000).toISOString();
        for (const body of [{ expiration }, { exp: expiration }]) {
          const { token } = (await ask(on.api, on.admin, "token/", post(body))).data as { token: string };
          expect((await ask(on.api, token, "permission/")).data).toMatchObject({
            expiration: expiration.replace(".000Z", "Z"),
          });
        }
      },
    ],
    [
      "setting a namespace's or an environment's keys was answered as global",
      async () => {
        const keys = put({ conda_default_packages: [] });
        expect((await ask(on.api, on.admin, `setting/${on.fresh}/`, keys)).message).toMatch(
          /^namespace setting keys/,
        );
        expect((await ask(on.api, on.admin, `setting/${on.fresh}/x/`, keys)).message).toMatch(
          /^environment setting keys/,
        );
      },
    ],
    [
      "the list that all released clients use was announced to end",
      async () => {
        const { headers } = await ask(on.api, on.admin, "environment/");
        expect([headers.has("deprecation"), headers.has("sunset")]).toEqual([false, false]);
      },
    ],
    [
      "an environment's lockfile told who may not read it whether it exists",
      async () => {
        const stranger = await on.api.token({});
        const [there, missing] = [
          await ask(on.api, stranger, "environment/secret/hidden/lockfile/"),
          await ask(on.api, stranger, "environment/secret/no-such/lockfile/"),
        ];
        expect([there.http, there.message]).toEqual([403, missing.message]);
        expect(missing.http).toBe(403);
      },
    ],
    [
      "usage had no namespaces without builds",
      async () => {
        await createNamespace(on.api.services.db, on.fresh, new Date());
        expect((await ask(on.api, on.admin, "usage/")).data).toMatchObject({
          [on.fresh]: { num_environments: 0, num_builds: 0, storage: 0 },
        });
      },
    ],
    [
      "the other spelling of an address was a redirect, which clients followed without their token",
      async () => {
        expect(await status(on.api, on.admin, "environment/team/demo")).toBe(200);
        expect(await status(on.api, on.admin, "environment/team/demo/")).toBe(200);
      },
    ],
    [
      "two writers of one setting at once left two values",
      async () => {
        const values = ["a", "b", "c", "d"];
        const answers = await Promise.all(
          values.map((name) =>
            ask(on.api, on.admin, `setting/${on.fresh}/`, put({ conda_default_packages: [name] })),
          ),
        );
        expect(answers.map(({ http }) => http)).toEqual([200, 200, 200, 200]);
        const { conda_default_packages: left } = (await ask(on.api, on.admin, `setting/${on.fresh}/`))
          .data as {
          conda_default_packages: string[];
        };
        expect(left).toHaveLength(1);
        expect(values).toContain(left[0]);
      },
    ],
  ];
  test.each(rows)("%s", (_, shows) => shows());
});
