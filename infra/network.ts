import { Annotations } from "aws-cdk-lib";
import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";

export interface NetworkProps {
  /**
   * A VPC of yours. Its subnets need gateway endpoints of S3 and DynamoDB, or a NAT: the store function has no address on the
   * internet in either kind of subnet.
   * @default - one is made
   */
  readonly vpcId?: string;
  /**
   * Subnets of that VPC, one for each availability zone, by the zone's name.
   * @default - none; required with `vpcId`
   */
  readonly subnets?: Readonly<Record<string, string>>;
  /**
   * Availability zones of the VPC that is made, each with a subnet.
   * @default 2
   */
  readonly zones?: number;
  /**
   * Addresses of the VPC that is made.
   * @default "10.0.0.0/16"
   */
  readonly cidr?: string;
  /**
   * Tasks get no address on the internet. In the VPC that is made, interface endpoints (paid by the hour, one for each zone) lead
   * to what a task asks of AWS; channels are what the VPC reaches by `natGateways`, or hosts in it (`allowedPrivateHosts`).
   * @default false
   */
  readonly privateSubnets?: boolean;
  /**
   * NAT gateways of the VPC that is made, for private subnets: paid by the hour and the gigabyte. They lead to AWS as well, so no
   * interface endpoints are made.
   * @default 0
   */
  readonly natGateways?: number;
}

/** What is wrong with a network, as the end of a sentence about it; null when nothing is. */
export function faultOfNetwork(network: NetworkProps): string | null {
  const { vpcId, subnets = {}, zones, cidr, privateSubnets, natGateways = 0 } = network;
  const made = { zones, cidr, natGateways: network.natGateways };
  const given = Object.entries(made).find(([, value]) => value !== undefined)?.[0];
  if (vpcId !== undefined && Object.keys(subnets).length === 0) return "must name subnets beside vpcId";
  if (vpcId === undefined && network.subnets !== undefined) return "must name vpcId beside subnets";
  if (vpcId !== undefined && given)
    return `cannot have ${given} beside vpcId: that is for a VPC that is made`;
  if (natGateways > 0 && privateSubnets !== true)
    return "must have privateSubnets: true beside natGateways, which nothing would use";
  if (natGateways > (zones ?? 2)) return "cannot have more natGateways than zones";
  return null;
}

/** What a task in a subnet without a way out asks of AWS: its image, its log, its queue, its channels' credentials. */
const ASKED_BY_TASKS = {
  ImageRegistry: InterfaceVpcEndpointAwsService.ECR,
  Images: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Queues: InterfaceVpcEndpointAwsService.SQS,
  Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
};

/**
 * Where build tasks and the store function live: public subnets, no NAT (it would cost more than everything else
 * together), no way in. Tables and objects are reached by gateway endpoints, which are free.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  /** Whether a task needs an address of its own to reach anything. */
  readonly assignsPublicIp: boolean;
  /** Of build tasks: every way out, no way in. */
  readonly taskGroup: SecurityGroup;

  /** @throws Error that says what is wrong with the network */
  constructor(scope: Construct, id: string, props: NetworkProps = {}) {
    super(scope, id);
    const fault = faultOfNetwork(props);
    if (fault !== null) throw new Error(`network ${fault}.`);
    this.assignsPublicIp = !props.privateSubnets;
    this.vpc = props.vpcId === undefined ? this.make(props) : this.existing(props.vpcId, props);
    const { publicSubnets, privateSubnets, isolatedSubnets } = this.vpc;
    this.subnets = props.privateSubnets ? [...privateSubnets, ...isolatedSubnets] : publicSubnets;
    this.taskGroup = new SecurityGroup(this, "Tasks", {
      vpc: this.vpc,
      description: "Build tasks: out to channels, nothing in",
    });
    if (props.privateSubnets && props.vpcId === undefined && !props.natGateways) this.addEndpoints();
  }

  private make({ zones = 2, cidr = "10.0.0.0/16", privateSubnets, natGateways = 0 }: NetworkProps): IVpc {
    const closed = { name: "Private", cidrMask: 20 };
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: zones,
      natGateways,
      subnetConfiguration: [
        ...(privateSubnets && natGateways === 0
          ? [{ ...closed, subnetType: SubnetType.PRIVATE_ISOLATED }]
          : [{ name: "Public", subnetType: SubnetType.PUBLIC, cidrMask: 20 }]),
        ...(natGateways > 0 ? [{ ...closed, subnetType: SubnetType.PRIVATE_WITH_EGRESS }] : []),
      ],
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: {
        Objects: { service: GatewayVpcEndpointAwsService.S3 },
        Table: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    // The class declares an optional field more widely than its own interface does.
    return vpc as IVpc;
  }

  private existing(vpcId: string, { subnets = {}, privateSubnets }: NetworkProps): IVpc {
    Annotations.of(this).acknowledgeWarning(
      "@aws-cdk/aws-ec2:noSubnetRouteTableId",
      "Nothing is routed in a network that is not ours.",
    );
    const ids = Object.values(subnets);
    return Vpc.fromVpcAttributes(this, "Vpc", {
      vpcId,
      availabilityZones: Object.keys(subnets),
      ...(privateSubnets ? { isolatedSubnetIds: ids } : { publicSubnetIds: ids }),
    });
  }

  private addEndpoints(): void {
    const group = new SecurityGroup(this, "Endpoints", {
      vpc: this.vpc,
      description: "AWS, for build tasks",
      allowAllOutbound: false,
    });
    group.addIngressRule(this.taskGroup, Port.tcp(443), "HTTPS");
    for (const [name, service] of Object.entries(ASKED_BY_TASKS)) {
      new InterfaceVpcEndpoint(this, name, {
        vpc: this.vpc,
        service,
        subnets: { subnets: [...this.subnets] },
        securityGroups: [group],
        open: false,
      });
    }
  }

  /** A group for the store function, which has no address on the internet. Only a deployment with a shared disk has one. */
  addStoreGroup(): SecurityGroup {
    const group = new SecurityGroup(this, "Store", {
      vpc: this.vpc,
      description: "The store function: shared disk, table and bucket",
    });
    Annotations.of(group).acknowledgeWarning(
      "@aws-cdk/aws-ec2:ipv4IgnoreEgressRule",
      "Every way out is open already; the function has no address on the internet.",
    );
    return group;
  }
}
