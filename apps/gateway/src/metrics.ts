/**
 * What the gateway tells Prometheus. Hot paths count in plain numbers, which are read when somebody asks.
 * @module
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface Metrics {
  readonly countResolve: (fromMemory: boolean) => void;
  /** Of MLflow's API. */
  readonly countHotRead: (fromMemory: boolean) => void;
  readonly countRequest: (route: string, status: number, seconds: number) => void;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What is read off the gateway at the moment of asking. */
export interface Gauges {
  readonly rememberedNames: () => number;
  readonly loadedModels: () => number;
  readonly modelProcesses: () => number;
  readonly bodyBytes: () => number;
  readonly registrySilenceSeconds: () => number;
  readonly lastEvent: () => number;
}

export function gatewayMetrics(gauges: Gauges): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const countResolve = countBySource(register, "mintmark_resolves_total", "Answers of /v1/resolve");
  const countHotRead = countBySource(register, "mintmark_mlflow_hot_reads_total", "Answers to MLflow's hot reads");
  const requests = new Histogram({
    name: "mintmark_request_seconds",
    help: "Duration of requests other than those answered from memory.",
    labelNames: ["route", "status"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [register],
  });
  gauge(register, "mintmark_remembered_names", "URIs whose resolution is in memory.", gauges.rememberedNames);
  gauge(register, "mintmark_loaded_models", "Models that are loaded for prediction.", gauges.loadedModels);
  gauge(register, "mintmark_model_processes", "Processes in which models run.", gauges.modelProcesses);
  gauge(register, "mintmark_body_bytes", "What the bodies of all requests hold.", gauges.bodyBytes);
  gauge(
    register,
    "mintmark_registry_silence_seconds",
    "Time since the registry was last heard of.",
    gauges.registrySilenceSeconds,
  );
  gauge(register, "mintmark_last_event", "Number of the last event that was taken in.", gauges.lastEvent);
  return {
    countResolve,
    countHotRead,
    countRequest: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
    render: async () => ({ contentType: register.contentType, text: await register.metrics() }),
  };
}

function countBySource(register: Registry, name: string, what: string): (fromMemory: boolean) => void {
  const counts = { memory: 0, registry: 0 };
  new Counter({
    name,
    help: `${what}, by where they came from.`,
    labelNames: ["from"],
    registers: [register],
    collect() {
      this.reset();
      this.inc({ from: "memory" }, counts.memory);
      this.inc({ from: "registry" }, counts.registry);
    },
  });
  return (fromMemory) => {
    counts[fromMemory ? "memory" : "registry"] += 1;
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
