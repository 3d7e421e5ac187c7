/**
 * The SDK's own client, which looks at tables as nothing of ours does.
 * @module
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** Where the SDK's variables say, when it is asked for. */
/** @param endpoint another place than the environment says */
export const openDocuments = (endpoint?: string): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(endpoint === undefined ? {} : { endpoint }));
