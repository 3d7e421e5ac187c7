import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { beforeAll, expect, test, vi } from "vitest";
import { VARIABLES } from "#core/layout.ts";
import { DUMMY_PASSWORD } from "#test/kit/api.ts";
import { type EventChanges, lambdaEvent } from "#test/kit/lambda-event.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let call: (changes: EventChanges) => Promise<{ status: number; body: string; cookies: readonly string[] }>;

beforeAll(async () => {
  const { ARN = "" } = await new SecretsManagerClient().send(
    new CreateSecretCommand({
      Name: "tokens",
      SecretString: JSON.stringify({
        kid: "1",
        key: crypto.randomUUID() + crypto.randomUUID(),
        dummyPassword: DUMMY_PASSWORD,
      }),
    }),
  );
  Object.assign(process.env, {
    [VARIABLES.table]: aws.table,
    [VARIABLES.bucket]: aws.bucket,
    [VARIABLES.wakeUpQueue]: aws.wakeUpQueue,
    [VARIABLES.linkQueue]: aws.linkQueue,
    [VARIABLES.solveFunction]: "arn:aws:lambda:us-east-1:000000000000:function:solve",
    [VARIABLES.secret]: ARN,
    [VARIABLES.settings]: "{}",
    [VARIABLES.urlPrefix]: "/conda-store/",
    [VARIABLES.proxyStripsPrefix]: "false",
    [VARIABLES.login]: '{"backends":[{"kind":"dummy","name":"dummy"}]}',
    [VARIABLES.submissionsPerMinute]: "60",
    [VARIABLES.auditDays]: "365",
    [VARIABLES.loginsPerMinute]: "10",
    [VARIABLES.services]: "[]",
    [VARIABLES.allowedPrivateHosts]: "",
    [VARIABLES.maxQueueHours]: "24",
    [VARIABLES.maxAttemptMinutes]: "60",
    [VARIABLES.prefetchFunction]: "arn:aws:lambda:us-east-1:000000000000:function:prefetch",
    [VARIABLES.maxTries]: "{}",
    [VARIABLES.taskSizes]: '[{"cpuUnits":1024,"memoryMiB":4096}]',
    [VARIABLES.logLevel]: "error",
  });
  const { handler } = await import("#functions/api/handler.ts");
  call = async (changes) => {
    const { statusCode = 0, body = "", cookies = [] } = await handler(lambdaEvent(changes));
    return { status: statusCode, body, cookies };
  };
});

test("the function as deployed: log in, post, read back, and dispatch is woken", async () => {
  const json = { "content-type": "application/json" };
  const login = await call({
    method: "POST",
    rawPath: "/conda-store/login/",
    headers: json,
    body: JSON.stringify({ username: "alice", password: DUMMY_PASSWORD }),
  });
  expect(login.status).toBe(200);
  const cookies = login.cookies.map((cookie) => cookie.split(";")[0] ?? "");

  const body = JSON.stringify({
    specification: "name: a+b\nchannels: [conda-forge]\ndependencies: [python]\n",
  });
  const posted = await call({
    method: "POST",
    rawPath: "/conda-store/api/v1/specification/",
    headers: json,
    cookies,
    body: Buffer.from(body).toString("base64"),
    isBase64Encoded: true,
  });
  expect(posted.status, posted.body).toBe(200);
  const buildId = JSON.parse(posted.body).data.build_id as number;

  const build = await call({ rawPath: `/conda-store/api/v1/build/${buildId}/`, cookies });
  expect(JSON.parse(build.body)).toMatchObject({ data: { status: "QUEUED" } });
  const environment = await call({ rawPath: "/conda-store/api/v1/environment/alice/a+b/", cookies });
  expect(JSON.parse(environment.body)).toMatchObject({ data: { name: "a+b", current_build_id: buildId } });

  const sqs = new SQSClient();
  await vi.waitFor(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: aws.wakeUpQueue }));
    expect(Messages[0]?.Body).toContain(`build ${buildId}`);
  });
});

test("a refusal carries API Gateway's request id", async () => {
  const { status, body } = await call({ rawPath: "/conda-store/api/v1/build/4000000/" });
  expect(status).toBe(404);
  expect(JSON.parse(body)).toMatchObject({ request_id: "request-of-gateway", code: "build_not_found" });
});
