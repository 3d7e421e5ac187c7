import { DomainName, type IDomainName, SecurityPolicy } from "aws-cdk-lib/aws-apigatewayv2";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { ARecord, HostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { ApiGatewayv2DomainProperties } from "aws-cdk-lib/aws-route53-targets";
import { Construct } from "constructs";

export interface DomainProps {
  /** Name that people ask, e.g. `conda.example.org`. */
  readonly name: string;
  /** ARN of an ACM certificate for it, in the stack's own region. */
  readonly certificateArn: string;
  /**
   * Route 53 zone, by id and name, in which the name is made to lead to the API.
   * @default - whoever looks after the name makes a CNAME to the output `DomainTarget`
   */
  readonly zone?: { readonly id: string; readonly name: string };
}

/** A name of the team's own in front of the API, by TLS 1.2 and newer. */
export class Domain extends Construct {
  readonly domain: IDomainName;
  /** What the name's CNAME has to lead to. */
  readonly target: string;

  constructor(scope: Construct, id: string, { name, certificateArn, zone }: DomainProps) {
    super(scope, id);
    const domain = new DomainName(this, "Name", {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, "Certificate", certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    this.domain = domain;
    this.target = domain.regionalDomainName;
    if (!zone) return;
    new ARecord(this, "Record", {
      zone: HostedZone.fromHostedZoneAttributes(this, "Zone", { hostedZoneId: zone.id, zoneName: zone.name }),
      recordName: `${name}.`,
      target: RecordTarget.fromAlias(
        new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId),
      ),
    });
  }
}
