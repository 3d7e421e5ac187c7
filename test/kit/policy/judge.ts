/**
 * Recorded calls against synthesised policies, in both directions: calls that nothing allows, and allowances that no call needs.
 * @module
 */
import { runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";
import type { AwsCall, Target } from "./call.ts";
import { renderStatement, shortName } from "./render.ts";
import { type ResourceStatement, type Role, resourceStatementsOf, rolesOf, type Statement } from "./roles.ts";
import { ACCOUNT, arnOf, REGION, resolve, type Template } from "./template.ts";

/** Logical id of what a caller named. @throws when it is not part of the stack */
export type Names = (target: Target) => string;

interface Request {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Logical id of the resource that may have a policy of its own. */
  readonly owner: string;
  readonly context: Readonly<Record<string, string | string[]>>;
}

/** The calls with the names of the deployment that the template stands for, each once. */
function requestsOf(template: Template, calls: readonly AwsCall[], names: Names): Request[] {
  const all = calls.flatMap((call) => [
    requestOf(template, call, names),
    ...handedRoles(template, call, names),
  ]);
  return [...new Map(all.map((request) => [JSON.stringify(request), request])).values()];
}

function requestOf(
  template: Template,
  { principal, action, target, context }: AwsCall,
  names: Names,
): Request {
  if (target.kind === "unknown") return { principal, action, resource: target.name, owner: "", context: {} };
  if (target.kind === "secret" && target.name.startsWith("conda-store/")) {
    // No resource of the stack: operators make these, by names that begin as the stack says.
    const resource = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${target.name}-AbCdEf`;
    return { principal, action, resource, owner: "", context: {} };
  }
  const owner = names(target);
  const cluster = context["ecs:cluster"];
  return {
    principal,
    action,
    owner,
    resource: resourceOf(arnOf(template, owner), target),
    context: {
      // Every adapter speaks https to AWS itself; only the local AWS has no certificate.
      "aws:SecureTransport": "true",
      ...Object.fromEntries(
        Object.entries(context).map(([key, value]) => [key, typeof value === "string" ? value : [...value]]),
      ),
      ...(typeof cluster === "string"
        ? { "ecs:cluster": arnOf(template, names({ kind: "cluster", name: cluster })) }
        : {}),
    },
  };
}

function resourceOf(arn: string, { kind, below }: Target): string {
  if (below === undefined) return arn;
  if (kind === "table") return `${arn}/index/${below}`;
  if (kind === "cluster") return `${arn.replace(":cluster/", ":task/")}/${below}`;
  return `${arn}/${below}`;
}

/** Who starts a task hands it its two roles, which IAM judges as calls of their own. */
function handedRoles(template: Template, { principal, action, target }: AwsCall, names: Names): Request[] {
  if (action !== "ecs:RunTask") return [];
  const definition = template.Resources[names(target)]?.Properties ?? {};
  return ["TaskRoleArn", "ExecutionRoleArn"].map((property) => {
    const resource = String(resolve(template, definition[property]));
    const context = { "iam:PassedToService": "ecs-tasks.amazonaws.com" };
    return { principal, action: "iam:PassRole", resource, owner: resource.split("/").at(-1) ?? "", context };
  });
}

const isAllowed = async (role: Role, policies: readonly ResourceStatement[], request: Request) =>
  (await simulate(role, policies, request)) === "Allowed";

async function simulate(role: Role, resourcePolicies: readonly ResourceStatement[], request: Request) {
  const policy = resourcePolicies.filter(({ of }) => of.includes(request.owner));
  const simulation: Simulation = {
    request: {
      principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.logicalId}/session`,
      action: request.action,
      resource: { resource: request.resource, accountId: ACCOUNT },
      contextVariables: { ...request.context },
    },
    identityPolicies: [{ name: role.logicalId, policy: documentOf(role.statements) }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(policy.length > 0 ? { resourcePolicy: documentOf(policy) } : {}),
  };
  const result = await runSimulation(simulation, {});
  return result.resultType === "error" ? "NoSuchAction" : result.overallResult;
}

const documentOf = (statements: readonly (Statement & { readonly principals?: readonly string[] })[]) => ({
  Version: "2012-10-17",
  Statement: statements.map(({ effect, actions, resources, conditions, principals }) => ({
    Effect: effect,
    Action: actions,
    Resource: resources,
    ...(Object.keys(conditions).length > 0 ? { Condition: conditions } : {}),
    ...(principals ? { Principal: principals.includes("*") ? "*" : { Service: principals } } : {}),
  })),
});

/** A part of a statement that could go without a recorded call being refused. */
export interface Superfluous {
  readonly principal: string;
  /** An action, a resource or a value of a condition. */
  readonly part: string;
  /** The statement in words. */
  readonly statement: string;
}

export interface Verdict {
  /** Calls that the synthesised policies refuse. */
  readonly refused: readonly string[];
  readonly superfluous: readonly Superfluous[];
}

/**
 * Judges each distinct call, then takes each action, resource and condition value away in turn and looks whether anybody misses it.
 */
export async function judge(template: Template, calls: readonly AwsCall[], names: Names): Promise<Verdict> {
  const roles = rolesOf(template);
  const policies = resourceStatementsOf(template);
  const requests = requestsOf(template, calls, names);
  const refused: string[] = [];
  const superfluous: Superfluous[] = [];
  for (const request of requests.filter(
    ({ principal }) => !roles.some((role) => role.principal === principal),
  )) {
    refused.push(`${request.principal} has no role and calls ${request.action}`);
  }
  for (const role of roles) {
    const own = requests.filter(({ principal }) => principal === role.principal);
    const allowed: Request[] = [];
    for (const request of own) {
      const outcome = await simulate(role, policies, request);
      if (outcome === "Allowed") allowed.push(request);
      else refused.push(refusal(role, policies, request, outcome));
    }
    for (const [index, statement] of role.statements.entries()) {
      if (statement.effect === "Deny") continue;
      const concerned = allowed.filter(({ action }) => mayBeFor(statement, action));
      for (const { part, rest } of partsOf(statement)) {
        const without = role.statements.flatMap((each, i) => (i === index ? rest : [each]));
        const changed = { ...role, statements: without };
        const missed = await some(concerned, (request) => isAllowed(changed, policies, request));
        if (!missed) {
          superfluous.push({ principal: role.principal, part, statement: renderStatement(statement) });
        }
      }
    }
  }
  return { refused: [...new Set(refused)], superfluous };
}

/** Whether the statement could have anything to do with the action. */
const mayBeFor = ({ actions }: Statement, action: string): boolean =>
  actions.some((each) => each === action || each.includes("*"));

/** Whether one of them is refused. */
async function some(requests: readonly Request[], allowed: (request: Request) => Promise<boolean>) {
  for (const request of requests) if (!(await allowed(request))) return true;
  return false;
}

function refusal(
  { principal, statements }: Role,
  policies: readonly ResourceStatement[],
  { action, resource, context, owner }: Request,
  outcome: string,
): string {
  const { "aws:SecureTransport": _, ...told } = context;
  const denied = outcome === "ExplicitlyDenied";
  const candidates: readonly Statement[] = denied
    ? policies.filter(({ of, effect }) => of.includes(owner) && effect === "Deny")
    : statements;
  const near =
    candidates.find(({ actions }) => actions.includes(action)) ??
    candidates.find(({ actions }) => actions.some((each) => each.split(":")[0] === action.split(":")[0]));
  const circumstances = Object.entries(told).map(
    ([key, value]) => ` with ${key} ${[value].flat().join(", ")}`,
  );
  const nearest = near ? `the nearest statement is "${renderStatement(near)}"` : "no statement is near it";
  return `${principal} may not ${action} on ${shortName(resource)}${circumstances.join("")}: ${nearest}`;
}

/** Each part of a statement that could be taken away, with the statement that is left; none when nothing is. */
function partsOf(statement: Statement): { part: string; rest: Statement[] }[] {
  const { actions, resources, conditions } = statement;
  const left = (changed: Partial<Statement>, empty: boolean): Statement[] =>
    empty ? [] : [{ ...statement, ...changed }];
  return [
    ...actions.map((action) => {
      const others = actions.filter((each) => each !== action);
      return { part: action, rest: left({ actions: others }, others.length === 0) };
    }),
    ...(resources.length > 1 ? resources : []).map((resource) => ({
      part: shortName(resource),
      rest: left({ resources: resources.filter((each) => each !== resource) }, false),
    })),
    ...Object.entries(conditions).flatMap(([operator, keys]) =>
      Object.entries(keys).flatMap(([key, values]) =>
        (values.length > 1 ? values : []).map((value) => ({
          part: shortName(value),
          rest: left(
            {
              conditions: {
                ...conditions,
                [operator]: { ...keys, [key]: values.filter((each) => each !== value) },
              },
            },
            false,
          ),
        })),
      ),
    ),
  ];
}
