import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { VARIABLES } from "#core/layout.ts";
import { FEATURE_FLAGS } from "#infra/feature-flags.ts";
import { CondaStoreStack } from "#infra/stack.ts";
import { stubBundles, synthesize } from "#test/kit/template.ts";

const template = synthesize();

describe("state", () => {
  test("the table is paid by request, can be brought back to any second, and cannot be deleted by mistake", () => {
    template.hasResource("AWS::DynamoDB::GlobalTable", {
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        BillingMode: "PAY_PER_REQUEST",
        TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
        Replicas: [
          {
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      },
    });
  });

  test("the bucket is private, encrypted, reached by TLS only, and forgets unfinished uploads after a day", () => {
    template.hasResource("AWS::S3::Bucket", {
      DeletionPolicy: "Retain",
      Properties: {
        BucketEncryption: Match.anyValue(),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LifecycleConfiguration: {
          Rules: [
            Match.objectLike({
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
              Status: "Enabled",
            }),
            Match.objectLike({ Prefix: "packages/", ExpirationInDays: 90, Status: "Enabled" }),
          ],
        },
      },
    });
    template.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ]),
      },
    });
  });

  test("the shared disk is encrypted, retained, and written as one user whoever mounts it", () => {
    template.hasResource("AWS::EFS::FileSystem", {
      DeletionPolicy: "Retain",
      Properties: { Encrypted: true },
    });
    template.hasResourceProperties("AWS::EFS::AccessPoint", { PosixUser: { Uid: "1000", Gid: "100" } });
  });

  test("the key that signs tokens is made in the account and outlives the stack", () => {
    template.hasResource("AWS::SecretsManager::Secret", {
      DeletionPolicy: "Retain",
      Properties: {
        GenerateSecretString: Match.objectLike({ GenerateStringKey: "key", PasswordLength: 64 }),
      },
    });
  });
});

describe("a restored table", () => {
  const restored = synthesize({ restoredTable: "brought-back" });

  test("is what every function and task reads and may read; the one before stays as it is", () => {
    const text = JSON.stringify(restored.toJSON());
    const tables = [...text.matchAll(new RegExp(`"${VARIABLES.table}":("[^"]*"|\\{)`, "g"))].map(
      ([, value]) => value,
    );
    expect(new Set(tables)).toEqual(new Set(['"brought-back"']));
    restored.resourceCountIs("AWS::DynamoDB::GlobalTable", 1);
    const policies = JSON.stringify(restored.findResources("AWS::IAM::Policy"));
    expect(policies).toContain("table/brought-back");
    expect(policies).not.toContain("StorageTable");
  });
});

test("data goes with the stack only where the deployment says so", () => {
  const policies = (found: typeof template): unknown[] =>
    [
      "AWS::DynamoDB::GlobalTable",
      "AWS::S3::Bucket",
      "AWS::EFS::FileSystem",
      "AWS::SecretsManager::Secret",
    ].flatMap((type) => Object.values(found.findResources(type)).map(({ DeletionPolicy }) => DeletionPolicy));
  expect(new Set(policies(template))).toEqual(new Set(["Retain"]));
  expect(new Set(policies(synthesize({ keepData: false })))).toEqual(new Set(["Delete"]));
});

describe("queues", () => {
  test("each has a shelf for what cannot be digested, kept for two weeks", () => {
    const queues = Object.values(template.findResources("AWS::SQS::Queue"));
    const shelves = queues.filter(({ Properties }) => !Properties.RedrivePolicy);

    expect(queues).toHaveLength(6);
    expect(shelves).toHaveLength(3);
    for (const { Properties } of shelves) expect(Properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  test("a message comes back only after six times its reader's timeout", () => {
    const functions = template.findResources("AWS::Lambda::Function");
    const queues = template.findResources("AWS::SQS::Queue");
    const sources = Object.values(template.findResources("AWS::Lambda::EventSourceMapping"));

    expect(sources).toHaveLength(3);
    for (const { Properties } of sources) {
      const reader = functions[Properties.FunctionName.Ref];
      const queue = queues[Properties.EventSourceArn["Fn::GetAtt"][0]];
      expect(queue?.["Properties"].VisibilityTimeout).toBe(6 * reader?.["Properties"].Timeout);
      expect(Properties.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
    }
  });

  test("two dispatchers read wake-ups at most, and store takes one message after the other", () => {
    const sources = Object.values(template.findResources("AWS::Lambda::EventSourceMapping"));
    const readBy = (name: string) =>
      sources.find(({ Properties }) => Properties.FunctionName.Ref.startsWith(`${name}Function`))?.[
        "Properties"
      ];

    expect(readBy("Dispatch").ScalingConfig).toEqual({ MaximumConcurrency: 2 });
    expect(readBy("Store").BatchSize).toBe(1);
  });
});

describe("builds", () => {
  test.each([
    ["is told when it is synthesised", {}, 1],
    ["is not, where a ready image is given", { image: "registry.example/build:1" }, 0],
  ])("who would build the image without pins %s", (_, props, count) => {
    const bundles = mkdtempSync(join(tmpdir(), "no-pins-"));
    const filter = (path: string): boolean => !path.endsWith("pins.json");
    cpSync(stubBundles(), bundles, { recursive: true, filter });
    const app = new App({ context: { ...FEATURE_FLAGS } });
    const stack = new CondaStoreStack(app, "CondaStore", { bundles, ...props });
    const warnings = Annotations.fromStack(stack).findWarning("*", Match.stringLikeRegexp("npm run pin"));
    rmSync(bundles, { recursive: true });
    expect(warnings).toHaveLength(count);
  });

  test("a task has one vCPU and 4 GB on x86 by default, and the sizes can be chosen", () => {
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Cpu: "1024",
      Memory: "4096",
      RuntimePlatform: { CpuArchitecture: "X86_64" },
      RequiresCompatibilities: ["FARGATE"],
    });
    synthesize({
      taskSizes: [{ cpuUnits: 4096, memoryMiB: 16_384 }],
      architecture: "ARM64",
    }).hasResourceProperties("AWS::ECS::TaskDefinition", {
      Cpu: "4096",
      Memory: "16384",
      RuntimePlatform: { CpuArchitecture: "ARM64" },
    });
  });

  test.each([
    [[], /taskSizes must have at least one size/],
    [[{ cpuUnits: 1000, memoryMiB: 4096 }], /place 0 CPU units that Fargate has: 512, 1024/],
    [
      [{ cpuUnits: 1024, memoryMiB: 16_384 }],
      /place 0 memory that Fargate has with 1024 CPU units: 2048 to 8192 MiB in steps of 1024/,
    ],
    [[{ cpuUnits: 8192, memoryMiB: 17_408 }], /steps of 4096/],
    [
      [
        { cpuUnits: 2048, memoryMiB: 8192 },
        { cpuUnits: 4096, memoryMiB: 8192 },
      ],
      /place 1 more memory than before it/,
    ],
  ])("sizes that Fargate does not have are refused before anything is deployed: %j", (taskSizes, refusal) => {
    expect(() => synthesize({ taskSizes })).toThrow(refusal);
  });

  test("the store directory is the task's own disk, and the shared disk is mounted elsewhere", () => {
    const [definition] = Object.values(template.findResources("AWS::ECS::TaskDefinition"));
    const [container] = definition?.["Properties"].ContainerDefinitions ?? [];
    const variables = Object.fromEntries(
      container.Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
    );
    const pathOf = (volume: string): string =>
      container.MountPoints.find(({ SourceVolume }: { SourceVolume: string }) => SourceVolume === volume)
        ?.ContainerPath;

    expect(pathOf("store")).toBe(variables[VARIABLES.storeDirectory]);
    expect(pathOf("shared-disk")).toBe(variables[VARIABLES.diskDirectory]);
    expect(pathOf("work")).toBe(variables[VARIABLES.workDirectory]);
    expect(pathOf("shared-disk")).not.toBe(pathOf("store"));
  });

  test("the shared disk is mounted by its access point, with IAM and TLS", () => {
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      Volumes: Match.arrayWith([
        Match.objectLike({
          Name: "shared-disk",
          EFSVolumeConfiguration: Match.objectLike({
            TransitEncryption: "ENABLED",
            AuthorizationConfig: Match.objectLike({ IAM: "ENABLED" }),
          }),
        }),
      ]),
    });
  });

  test("the supervisor keeps no capability that it does not need", () => {
    const [definition] = Object.values(template.findResources("AWS::ECS::TaskDefinition"));
    const dropped: string[] =
      definition?.["Properties"].ContainerDefinitions[0].LinuxParameters.Capabilities.Drop;

    expect(dropped).toEqual(expect.arrayContaining(["NET_RAW", "MKNOD", "SETFCAP", "SYS_CHROOT"]));
    for (const needed of ["SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE", "FOWNER"])
      expect(dropped).not.toContain(needed);
  });

  test("nothing may come in to a task, and no NAT is paid for", () => {
    template.resourceCountIs("AWS::EC2::NatGateway", 0);
    const groups = Object.values(template.findResources("AWS::EC2::SecurityGroup"));
    for (const { Properties } of groups) expect(Properties.SecurityGroupIngress).toBeUndefined();
    const doors = Object.values(template.findResources("AWS::EC2::SecurityGroupIngress"));
    // Tasks and the store function to the shared disk, by NFS.
    expect(doors.map(({ Properties }) => [Properties.FromPort, Properties.ToPort])).toEqual([
      [2049, 2049],
      [2049, 2049],
    ]);
  });

  test("a stopped task of this cluster wakes finish, and an event that fails is kept", () => {
    template.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: {
        source: ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        detail: { lastStatus: ["STOPPED"], clusterArn: [Match.anyValue()] },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });
});

describe("sweep", () => {
  test("looks every minute, and what it looks for can be limited", () => {
    template.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(1 minute)",
      Targets: [
        Match.objectLike({ Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("^SweepFunction"), "Arn"] } }),
      ],
    });
    const limits = (found: typeof template, hours: string, minutes: string): void =>
      found.hasResourceProperties("AWS::Lambda::Function", {
        Environment: {
          Variables: Match.objectLike({
            [VARIABLES.maxQueueHours]: hours,
            [VARIABLES.maxAttemptMinutes]: minutes,
          }),
        },
      });
    limits(template, "24", "60");
    limits(synthesize({ maxQueueHours: 2, maxAttemptMinutes: 10 }), "2", "10");
  });
});

describe("watched files", () => {
  const schedules = (found: typeof template): Record<string, string> =>
    Object.fromEntries(
      Object.entries(found.findResources("AWS::Events::Rule"))
        .filter(([id]) => /^(Watch|Store)Schedule/.test(id))
        .map(([id, { Properties }]) => [id.replace(/Schedule.*/, ""), Properties.ScheduleExpression]),
    );

  test("are looked for in the bucket as often as the deployment says, and on the disk where it says so", () => {
    expect(schedules(template)).toEqual({ Watch: "rate(5 minutes)" });
    expect(schedules(synthesize({ watchMinutes: 2, watchesDisk: true }))).toEqual({
      Watch: "rate(2 minutes)",
      Store: "rate(2 minutes)",
    });
  });

  test("cannot be on a disk that is not there", () => {
    expect(() => synthesize({ watchesDisk: true, sharedDisk: "none" })).toThrow(
      /watchesDisk needs a shared disk/,
    );
  });
});

describe("API", () => {
  test("one HTTP API hands every path to one function, at the root", () => {
    template.hasResourceProperties("AWS::ApiGatewayV2::Stage", { StageName: "$default", AutoDeploy: true });
    template.hasResourceProperties("AWS::ApiGatewayV2::Route", { RouteKey: "$default" });
    template.hasResourceProperties("AWS::ApiGatewayV2::Integration", { PayloadFormatVersion: "2.0" });
  });

  test("there is no login with one password outside of the local stack", () => {
    template.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: Match.objectLike({ [VARIABLES.login]: "{}" }) },
    });
    expect(JSON.stringify(template.toJSON())).not.toContain("dummy");
  });
});

test("every function runs on Node 24 and arm64, and its logs end after a month", () => {
  const functions = Object.values(template.findResources("AWS::Lambda::Function"));

  expect(functions).toHaveLength(9);
  for (const { Properties } of functions) {
    expect(Properties).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "handler.handler",
    });
  }
  for (const { Properties } of Object.values(template.findResources("AWS::Logs::LogGroup"))) {
    expect(Properties.RetentionInDays).toBe(30);
  }
});

test("the function that reads channels has room for what it makes of them, and as much memory as the deployment says", () => {
  const sizes = (found: typeof template): unknown[] =>
    Object.values(found.findResources("AWS::Lambda::Function"))
      .filter(({ Properties }) => Properties.Description === "Reads the indexes of channels")
      .map(({ Properties: { MemorySize, EphemeralStorage } }) => [MemorySize, EphemeralStorage.Size]);
  expect(sizes(template)).toEqual([[1769, 2048]]);
  expect(sizes(synthesize({ prefetchMemoryMb: 3008 }))).toEqual([[3008, 2048]]);
});

test.each([
  [{}, "4096"],
  [{ prefetchMemoryMb: 10_240 }, "16384"],
  [
    {
      taskSizes: [
        { cpuUnits: 512, memoryMiB: 1024 },
        { cpuUnits: 1024, memoryMiB: 2048 },
      ],
    },
    "2048",
  ],
  [{ taskSizes: [{ cpuUnits: 512, memoryMiB: 1024 }] }, "1024"],
])(
  "the task that reads channels has more memory than the function, if any build's has: %j",
  (props, memory) => {
    const tasks = Object.values(synthesize(props).findResources("AWS::ECS::TaskDefinition"));
    const own = tasks.filter(({ Properties }) => Properties.ContainerDefinitions[0].Name === "prefetch");
    expect(own.map(({ Properties }) => Properties.Memory)).toEqual([memory]);
  },
);

test("solves without a build take of the account what the deployment says, and nothing else is bounded so", () => {
  const reserved = (found: typeof template) =>
    Object.entries(found.findResources("AWS::Lambda::Function")).flatMap(([id, { Properties }]) => {
      const most = Properties.ReservedConcurrentExecutions as number | undefined;
      return most === undefined ? [] : [[/^[A-Z][a-z]+/.exec(id)?.[0], most]];
    });
  expect(reserved(template)).toEqual([]);
  expect(reserved(synthesize({ solvesAtOnce: 20 }))).toEqual([["Solve", 20]]);
});

test("functions are traced where the deployment says so, and nowhere else", () => {
  const modes = (found: typeof template): unknown[] =>
    Object.values(found.findResources("AWS::Lambda::Function")).map(
      ({ Properties }) => Properties.TracingConfig?.Mode,
    );
  expect(new Set(modes(template))).toEqual(new Set([undefined]));
  expect(new Set(modes(synthesize({ tracing: true })))).toEqual(new Set(["Active"]));
});

test("nothing has a fixed name, so that two deployments fit into one account", () => {
  const naming: Record<string, string> = {
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
  };

  for (const [type, property] of Object.entries(naming)) {
    for (const { Properties = {} } of Object.values(template.findResources(type))) {
      expect(Properties).not.toHaveProperty(property);
    }
  }
});
