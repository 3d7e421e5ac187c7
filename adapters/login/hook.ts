/**
 * A function of the operator's own that is asked whose password this is.
 * @module
 */
import * as v from "valibot";
import type { Lender } from "#adapters/aws-json.ts";
import { invokeFunction } from "#adapters/invoke-function.ts";
import { parseBindings } from "#core/access/binding.ts";
import { parseRole } from "#core/access/permission.ts";
import type { Backend } from "#core/login/backends.ts";
import { type Identity, toIdentity } from "#core/login/identity.ts";
import { ProviderError } from "./ask-provider.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The caller's, as API Gateway saw it. */
  readonly address: string;
}

const HOOK_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024;

const Answer = v.nullable(
  v.object({
    user: v.string(),
    subject: v.optional(v.string()),
    groups: v.optional(v.array(v.string()), []),
    roles: v.optional(v.array(v.string()), []),
    role_bindings: v.optional(
      v.pipe(
        v.record(
          v.string(),
          v.array(
            v.pipe(
              v.string(),
              v.check((name) => parseRole(name) !== null),
            ),
          ),
        ),
        v.check((map) => parseBindings(map) !== null),
      ),
      {},
    ),
  }),
);

/**
 * @param lender any client of the SDK: its credentials are lent
 * @returns null for a password that is not right
 * @throws ProviderError when the function cannot be asked, fails, or answers anything else; AppError `login_refused`
 */
export async function askHook(
  lender: Lender,
  { name, functionArn }: Extract<Backend, { kind: "hook" }>,
  credentials: Credentials,
): Promise<Identity | null> {
  const answer = v.safeParse(Answer, await ask(lender, functionArn, { version: 1, ...credentials }));
  if (!answer.success) {
    const [issue] = answer.issues;
    throw new ProviderError(`the hook's answer is not usable: ${v.getDotPath(issue) ?? "it"} is wrong`);
  }
  if (answer.output === null) return null;
  const { user, subject = user, groups, roles, role_bindings: bindings } = answer.output;
  return toIdentity({ backend: name, subject, user, groups, roles, bindings });
}

async function ask(lender: Lender, functionArn: string, event: object): Promise<unknown> {
  const signal = AbortSignal.timeout(HOOK_MS_MAX);
  const limits = { idleMsMax: HOOK_MS_MAX, bytesMax: ANSWER_BYTES_MAX, signal };
  const answer = await invokeFunction(lender, functionArn, event, limits).catch((error: unknown) => {
    throw new ProviderError("the hook did not answer", { cause: error });
  });
  const fault = answer.headers["x-amz-function-error"];
  // Its answer may hold what it was given.
  if (answer.status !== 200 || fault !== undefined) {
    throw new ProviderError(`the hook failed: ${answer.status} ${String(fault ?? "")}`.trim());
  }
  try {
    return JSON.parse(answer.body.toString("utf8")) as unknown;
  } catch {
    throw new ProviderError("the hook's answer is not JSON");
  }
}
