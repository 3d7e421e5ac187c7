import { Annotations } from "aws-cdk-lib";
import {
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";

export interface NetworkProps {
  /**
   * Availability zones, each with one public subnet.
   * @default 2
   */
  readonly zones?: number;
}

/**
 * Where build tasks and the store function live: public subnets, no NAT (it would cost more than everything else
 * together), no way in. Tables and objects are reached by gateway endpoints, which are free.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  /** Of build tasks: every way out, no way in. */
  readonly taskGroup: SecurityGroup;
  /** Of the store function. */
  readonly storeGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps = {}) {
    super(scope, id);
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr("10.0.0.0/16"),
      maxAzs: props.zones ?? 2,
      natGateways: 0,
      subnetConfiguration: [{ name: "Public", subnetType: SubnetType.PUBLIC, cidrMask: 20 }],
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: {
        Objects: { service: GatewayVpcEndpointAwsService.S3 },
        Table: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    // The class declares an optional field more widely than its own interface does.
    this.vpc = vpc as IVpc;
    this.subnets = vpc.publicSubnets;
    this.taskGroup = new SecurityGroup(this, "Tasks", {
      vpc: this.vpc,
      description: "Build tasks: out to channels, nothing in",
    });
    this.storeGroup = new SecurityGroup(this, "Store", {
      vpc: this.vpc,
      description: "The store function: shared disk, table and bucket",
    });
    Annotations.of(this.storeGroup).acknowledgeWarning(
      "@aws-cdk/aws-ec2:ipv4IgnoreEgressRule",
      "Every way out is open already; the function has no address on the internet.",
    );
  }
}
