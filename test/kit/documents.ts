/**
 * The SDK's own client, which looks at tables as nothing of ours does.
 * @module
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** Where the SDK's variables say, when it is asked for. */
export const openDocuments = (): DynamoDBDocumentClient => DynamoDBDocumentClient.from(new DynamoDBClient());
