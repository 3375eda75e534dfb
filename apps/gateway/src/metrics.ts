/**
 * What the gateway tells Prometheus. Hot paths count in plain numbers, which are read when somebody asks.
 * @module
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface Metrics {
  readonly countResolve: (fromMemory: boolean) => void;
  readonly countRequest: (route: string, status: number, seconds: number) => void;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What is read off the gateway at the moment of asking. */
export interface Gauges {
  readonly rememberedNames: () => number;
  readonly loadedModels: () => number;
  readonly registrySilenceSeconds: () => number;
  readonly lastEvent: () => number;
}

export function gatewayMetrics(gauges: Gauges): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const resolves = { memory: 0, registry: 0 };
  new Counter({
    name: "mintmark_resolves_total",
    help: "Answers of /v1/resolve, by where they came from.",
    labelNames: ["from"],
    registers: [register],
    collect() {
      this.reset();
      this.inc({ from: "memory" }, resolves.memory);
      this.inc({ from: "registry" }, resolves.registry);
    },
  });
  const requests = new Histogram({
    name: "mintmark_request_seconds",
    help: "Duration of requests other than resolves answered from memory.",
    labelNames: ["route", "status"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [register],
  });
  gauge(register, "mintmark_remembered_names", "URIs whose resolution is in memory.", gauges.rememberedNames);
  gauge(register, "mintmark_loaded_models", "Models that are loaded for prediction.", gauges.loadedModels);
  gauge(
    register,
    "mintmark_registry_silence_seconds",
    "Time since the registry was last heard of.",
    gauges.registrySilenceSeconds,
  );
  gauge(register, "mintmark_last_event", "Number of the last event that was taken in.", gauges.lastEvent);
  return {
    countResolve: (fromMemory) => {
      if (fromMemory) resolves.memory += 1;
      else resolves.registry += 1;
    },
    countRequest: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
    render: async () => ({ contentType: register.contentType, text: await register.metrics() }),
  };
}

function gauge(register: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [register],
    collect() {
      this.set(read());
    },
  });
}
