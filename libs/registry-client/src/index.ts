export { type ConnectOptions, clients, connectRegistry, type RegistryClient } from "./connect.ts";
export { eventHeader, isRetryable, reasonHeader, reasonOf } from "./failure.ts";
