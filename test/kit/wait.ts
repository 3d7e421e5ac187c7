/**
 * A program that waits until it is told to end.
 * @module
 */
process.on("SIGTERM", () => process.exit(0));
setInterval(() => {}, 1000);
console.log(`waiting as ${process.pid}`);
