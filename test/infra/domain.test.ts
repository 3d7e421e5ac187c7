import { Match } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { synthesize } from "#test/kit/template.ts";

const domain = {
  name: "conda.example.org",
  certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000",
};

test("a domain leads to the root of the API by TLS 1.2, and the API has no other name then", () => {
  const template = synthesize({ domain, urlPrefix: "/conda-store" });

  template.hasResourceProperties("AWS::ApiGatewayV2::DomainName", {
    DomainName: domain.name,
    DomainNameConfigurations: [
      Match.objectLike({ CertificateArn: domain.certificateArn, SecurityPolicy: "TLS_1_2" }),
    ],
  });
  template.hasResourceProperties("AWS::ApiGatewayV2::ApiMapping", { ApiMappingKey: Match.absent() });
  template.hasResourceProperties("AWS::ApiGatewayV2::Api", { DisableExecuteApiEndpoint: true });
  template.hasOutput("Url", { Value: "https://conda.example.org" });
  template.hasOutput("DomainTarget", {});
  template.resourceCountIs("AWS::Route53::RecordSet", 0);
});

test("in a zone that is named the record is made", () => {
  const template = synthesize({ domain: { ...domain, zone: { id: "Z0123456789", name: "example.org" } } });

  template.hasResourceProperties("AWS::Route53::RecordSet", {
    Name: "conda.example.org.",
    Type: "A",
    HostedZoneId: "Z0123456789",
  });
});

test("without a domain the API answers under its own name", () => {
  const template = synthesize();

  template.resourceCountIs("AWS::ApiGatewayV2::DomainName", 0);
  expect(JSON.stringify(template.toJSON()["Outputs"]["Url"])).toContain("ApiEndpoint");
});
