import { ADMISSION_RESOURCES } from '../../lib/cluster/objects/admission-kinds.ts';
import { type HttpHandler, toJsonResponse, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';

/**
 * GET /apis/admission.signet/v1: what an API server that aggregates this API asks to find out whether it is there. Each
 * resource takes the AdmissionReviews of its kind, and nothing else.
 */
export function createDiscovery(telemetry: Telemetry): HttpHandler {
  const list = {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'admission.signet/v1',
    resources: ADMISSION_RESOURCES.map((name) => ({
      name,
      singularName: '',
      namespaced: false,
      group: 'admission.k8s.io',
      version: 'v1',
      kind: 'AdmissionReview',
      verbs: ['create'],
    })),
  };
  return wrapHttp(async () => toJsonResponse(200, list), telemetry);
}
