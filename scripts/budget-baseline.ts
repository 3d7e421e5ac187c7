/**
 * What import times are measured against: the DynamoDB client and nothing else, bundled as functions are.
 * @module
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

export const handler = (): DynamoDBClient => new DynamoDBClient({});
