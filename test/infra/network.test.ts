import { Match, type Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { VARIABLES } from "#core/layout.ts";
import { synthesize } from "#test/kit/template.ts";

const GROUP = "sg-0123456789abcdef0";
const SUBNETS = { "eu-west-1a": "subnet-0a1b2c3d", "eu-west-1b": "subnet-0b1b2c3d" };

/** Every rule that lets somebody in: port, and the group that is entered. */
function doors(template: Template): [port: number, into: unknown][] {
  for (const { Properties } of Object.values(template.findResources("AWS::EC2::SecurityGroup"))) {
    expect(Properties.SecurityGroupIngress).toBeUndefined();
  }
  return Object.values(template.findResources("AWS::EC2::SecurityGroupIngress")).map(({ Properties }) => {
    expect(Properties.SourceSecurityGroupId).toBeDefined();
    expect(Properties.FromPort).toBe(Properties.ToPort);
    return [Properties.FromPort, Properties.GroupId];
  });
}

const valuesOf = (template: Template, name: keyof typeof VARIABLES): unknown[] =>
  Object.values(template.findResources("AWS::Lambda::Function")).flatMap(
    ({ Properties }) => Properties.Environment.Variables[VARIABLES[name]] ?? [],
  );

const endpointsOf = (template: Template, kind: string): number =>
  Object.keys(template.findResources("AWS::EC2::VPCEndpoint", { Properties: { VpcEndpointType: kind } }))
    .length;

describe("a network and a file system of the team's own", () => {
  const template = synthesize({
    network: { vpcId: "vpc-0a1b2c3d", subnets: SUBNETS, privateSubnets: true },
    sharedDisk: { fileSystemId: "fs-0a1b2c3d", securityGroupId: GROUP, path: "/shared/conda" },
    diskOwner: { uid: 7, gid: 8 },
  });

  test("are used as they are: nothing of either is made, and the file system is not the stack's to remove", () => {
    for (const type of ["VPC", "Subnet", "VPCEndpoint", "InternetGateway"]) {
      template.resourceCountIs(`AWS::EC2::${type}`, 0);
    }
    template.resourceCountIs("AWS::EFS::FileSystem", 0);
    template.hasResourceProperties("AWS::EFS::AccessPoint", {
      FileSystemId: "fs-0a1b2c3d",
      PosixUser: { Uid: "7", Gid: "8" },
      RootDirectory: Match.objectLike({ Path: "/shared/conda" }),
    });
    template.hasResourceProperties("AWS::Lambda::Function", {
      VpcConfig: Match.objectLike({ SubnetIds: ["subnet-0a1b2c3d", "subnet-0b1b2c3d"] }),
    });
    expect(new Set(valuesOf(template, "subnets"))).toEqual(new Set(["subnet-0a1b2c3d,subnet-0b1b2c3d"]));
    expect(new Set(valuesOf(template, "assignsPublicIp"))).toEqual(new Set(["false"]));
  });

  test("open for NFS, from tasks and the store function, and for nothing else", () => {
    expect(doors(template)).toEqual([
      [2049, GROUP],
      [2049, GROUP],
    ]);
  });

  test("are asked for together: a file system has its mount targets in some network", () => {
    const sharedDisk = { fileSystemId: "fs-0a1b2c3d", securityGroupId: GROUP };
    expect(() => synthesize({ sharedDisk })).toThrow(/sharedDisk needs network\.vpcId/);
  });
});

describe("private subnets", () => {
  test("have no way out but to AWS, and only tasks go that way", () => {
    const template = synthesize({ network: { privateSubnets: true } });

    template.resourceCountIs("AWS::EC2::InternetGateway", 0);
    template.resourceCountIs("AWS::EC2::NatGateway", 0);
    expect([endpointsOf(template, "Gateway"), endpointsOf(template, "Interface")]).toEqual([2, 5]);
    expect(
      doors(template)
        .map(([port]) => port)
        .sort(),
    ).toEqual([2049, 2049, 443]);
    expect(new Set(valuesOf(template, "assignsPublicIp"))).toEqual(new Set(["false"]));
    expect(JSON.stringify(template.findResources("AWS::Lambda::Function"))).toContain("PrivateSubnet");
  });

  test("reach everything by NAT gateways where these are asked for, and then no endpoint is paid for", () => {
    const template = synthesize({ network: { privateSubnets: true, natGateways: 1, zones: 2 } });

    template.resourceCountIs("AWS::EC2::NatGateway", 1);
    expect(endpointsOf(template, "Interface")).toBe(0);
    expect(new Set(valuesOf(template, "assignsPublicIp"))).toEqual(new Set(["false"]));
    const [subnets] = valuesOf(template, "subnets");
    expect(JSON.stringify(subnets)).toMatch(/PrivateSubnet/);
    expect(JSON.stringify(subnets)).not.toMatch(/PublicSubnet/);
  });
});

describe("without a shared disk", () => {
  const template = synthesize({ sharedDisk: "none" });

  test("there is no file system, no function for it, no queue to tell it, and no permission that names one", () => {
    template.resourceCountIs("AWS::EFS::FileSystem", 0);
    template.resourceCountIs("AWS::Lambda::Function", 8);
    template.resourceCountIs("AWS::SQS::Queue", 4);
    expect(doors(template)).toEqual([]);
    expect(JSON.stringify(template.toJSON())).not.toMatch(/elasticfilesystem|AWS\/EFS|VpcConfig/);
  });

  test("tasks and functions are told so", () => {
    expect(new Set(valuesOf(template, "linkQueue"))).toEqual(new Set([""]));
    const [definition] = Object.values(template.findResources("AWS::ECS::TaskDefinition"));
    const [container] = definition?.["Properties"].ContainerDefinitions ?? [];
    expect(container.Environment).toContainEqual({ Name: VARIABLES.diskDirectory, Value: "" });
    expect(container.MountPoints.map(({ SourceVolume }: { SourceVolume: string }) => SourceVolume)).toEqual([
      "work",
      "store",
    ]);
  });
});
