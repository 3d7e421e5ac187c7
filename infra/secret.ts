import { RemovalPolicy } from "aws-cdk-lib";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

export interface TokenSecretProps {
  /**
   * Whether the secret outlives the stack: without it every token handed out is void.
   * @default true
   */
  readonly retained?: boolean;
}

/** The key that signs tokens: generated in the account, read by the API, known to nobody else. */
export class TokenSecret extends Construct {
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, props: TokenSecretProps) {
    super(scope, id);
    const secret = new Secret(this, "Key", {
      description: "Signs conda-store tokens",
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ kid: "1" }),
        generateStringKey: "key",
        passwordLength: 64,
        excludePunctuation: true,
      },
      removalPolicy: (props.retained ?? true) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    // The class declares an optional field more widely than its own interface does.
    this.secret = secret as ISecret;
  }
}
