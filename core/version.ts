/**
 * The version of the product, as the API tells it; package.json says the same, and a test holds them equal.
 * @module
 */
export const VERSION = "0.1.0";
