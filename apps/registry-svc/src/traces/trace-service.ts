/**
 * RPC face of traces: messages in, messages out.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { TraceService } from "@mintmark/proto/mintmark/tracking/v1/trace_service";
import { invalid, requireCount } from "../fields.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { createAssessment, deleteAssessment, getAssessment, updateAssessment } from "./assessments.ts";
import { deleteTraces, deleteTraceTag, linkTraces, setTraceTag } from "./change-trace.ts";
import { findTrace, findTraces, traceMessage } from "./find-traces.ts";
import { logSpans } from "./log-spans.ts";
import { recordTrace } from "./record-trace.ts";
import { searchTraces } from "./search-traces.ts";

const maxIds = 1_000;

export function traceService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof TraceService> {
  return {
    async recordTrace({ trace }) {
      const given = required("trace", trace);
      await recordTrace(db, given);
      const { trace: kept } = await findTrace(db, given.id, false);
      return { trace: kept! };
    },
    async logSpans(request) {
      await logSpans(db, request);
      return {};
    },
    async getTrace({ id, withSpans }) {
      return { content: await findTrace(db, id, withSpans) };
    },
    async batchGetTraces({ ids, withSpans }) {
      requireCount("ids", ids.length, maxIds);
      return { contents: [...(await findTraces(db, ids, withSpans))] };
    },
    async searchTraces(request) {
      const { traces, next } = await searchTraces(db, request);
      return { traces: traces.map(traceMessage), nextPageToken: next };
    },
    async setTraceTag(request) {
      await setTraceTag(db, request);
      return {};
    },
    async deleteTraceTag(request) {
      await deleteTraceTag(db, request);
      return {};
    },
    async linkTraces({ runId, traceIds }) {
      await linkTraces(db, runId, traceIds);
      return {};
    },
    async deleteTraces(request) {
      return { deleted: await deleteTraces(db, request) };
    },
    async createAssessment({ assessment }) {
      return { assessment: await createAssessment(db, required("assessment", assessment)) };
    },
    async getAssessment(request) {
      return { assessment: await getAssessment(db, request) };
    },
    async updateAssessment(request) {
      return { assessment: await updateAssessment(db, request) };
    },
    async deleteAssessment(request) {
      await deleteAssessment(db, request);
      return {};
    },
  };
}

function required<T>(field: string, message: T | undefined): T {
  if (message === undefined) throw invalid(field, "must be given");
  return message;
}
