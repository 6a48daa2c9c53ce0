import { InputError } from '../../../base/errors/input-error.ts';
import { withoutTrailing } from '../../../base/names/store-url.ts';
import { checkCertificate, splitCertificates } from '../../../platform/http/tls-trust.ts';
import { ADMISSION_KINDS, type AdmissionResource, listVersions } from '../../objects/admission-kinds.ts';
import type { LabelSelector } from './label-selector.ts';
import { toMatchConditions } from './match-conditions.ts';

/** How an API server reaches Signet. */
export type WebhookCall =
  /** From outside of the cluster: `https://` URL of the API, without `/admission/…`. Without a token, by certificate. */
  | { readonly kind: 'url'; readonly url: string; readonly token: string | undefined }
  /** In the cluster. A network policy decides who reaches it. */
  | { readonly kind: 'service'; readonly service: SignetService }
  /** In the cluster, through its own API: the API server presents the certificate of its front proxy. */
  | { readonly kind: 'aggregated'; readonly service: SignetService };

/** The Service in front of Signet. */
export interface SignetService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export interface WebhookOptions {
  readonly call: WebhookCall;
  /** PEM certificates that the API server trusts; of a Service in OpenShift the cluster puts them in when left out. */
  readonly ca?: string | undefined;
  readonly timeoutSeconds: number;
  readonly failurePolicy: 'Fail' | 'Ignore';
  /** Namespaces whose objects are reviewed; of kinds without a namespace all are. */
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly objectSelector?: LabelSelector | undefined;
  /** False for API servers before Kubernetes 1.28. */
  readonly hasMatchConditions: boolean;
}

/** Seconds that an API server waits for a webhook at most. */
const MAX_TIMEOUT_SECONDS = 30;
/** Least characters of a token: a shorter one could be guessed. */
const MIN_TOKEN_LENGTH = 16;
const TOKEN = /^[A-Za-z0-9_-]+$/;
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_PORT = 65_535;
/** The API that a cluster aggregates. */
const API_GROUP = 'admission.signet';
const API_VERSION = 'v1';
/** Has OpenShift put the certificate of its service CA into the object. */
const INJECT = { 'service.beta.openshift.io/inject-cabundle': 'true' };

/**
 * Renders the ValidatingWebhookConfiguration of one kind (`k8s.io/api` admissionregistration/v1). The same input gives
 * the same bytes. With a token the result holds it.
 *
 * @throws InputError `ArgumentInvalid`, without the token in it
 */
export function toWebhook(resource: AdmissionResource, options: WebhookOptions): object {
  const { group, scope } = ADMISSION_KINDS[resource];
  const { call, ca, timeoutSeconds, failurePolicy, namespaceSelector, objectSelector, hasMatchConditions } = options;
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > MAX_TIMEOUT_SECONDS) {
    throw invalid(`the timeout is ${timeoutSeconds}: give 1 to ${MAX_TIMEOUT_SECONDS} seconds`);
  }
  const isInjected = call.kind === 'service' && ca === undefined;
  // The API server knows its own certificate.
  const caBundle = ca === undefined || call.kind === 'aggregated' ? {} : { caBundle: toBundle(ca) };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: `signet-${resource}`, ...(isInjected ? { annotations: INJECT } : {}) },
    webhooks: [
      {
        name: `${resource}.admission.signet`,
        clientConfig: { ...toTarget(resource, call), ...caBundle },
        rules: [
          {
            apiGroups: [group],
            apiVersions: listVersions(resource),
            operations: ['CREATE', 'UPDATE'],
            resources: [resource],
            scope,
          },
        ],
        matchPolicy: 'Equivalent',
        ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
        ...(objectSelector === undefined ? {} : { objectSelector }),
        ...(hasMatchConditions ? { matchConditions: toMatchConditions(resource) } : {}),
        failurePolicy,
        sideEffects: 'None',
        timeoutSeconds,
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

/** The APIService (`k8s.io/kube-aggregator` apiregistration/v1) by which the cluster's API leads to Signet. */
export function toApiService({ namespace, name, port }: SignetService, ca: string | undefined): object {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${API_VERSION}.${API_GROUP}`, ...(ca === undefined ? { annotations: INJECT } : {}) },
    spec: {
      group: API_GROUP,
      version: API_VERSION,
      service: { namespace, name, port },
      ...(ca === undefined ? {} : { caBundle: toBundle(ca) }),
      groupPriorityMinimum: 1000,
      versionPriority: 15,
    },
  };
}

function toTarget(resource: AdmissionResource, call: WebhookCall): object {
  switch (call.kind) {
    case 'url': {
      const token = call.token === undefined ? '' : `/${parseToken(call.token)}`;
      return { url: `${parseBase(call.url)}/admission${token}/${resource}` };
    }
    case 'service':
      return { service: { ...call.service, path: `/admission/${resource}` } };
    case 'aggregated': {
      const path = `/apis/${API_GROUP}/${API_VERSION}/${resource}`;
      return { service: { namespace: 'default', name: 'kubernetes', port: 443, path } };
    }
    default:
      throw new TypeError(`there is no call ${JSON.stringify(call satisfies never)}`);
  }
}

/** Parses `NAMESPACE/NAME[:PORT]`. @throws InputError `ArgumentInvalid` */
export function parseService(text: string): SignetService {
  const [, namespace = '', name = '', digits = '443'] = /^([^/:]+)\/([^/:]+)(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const port = Number(digits);
  if (!DNS_LABEL.test(namespace) || !DNS_LABEL.test(name) || port < 1 || port > MAX_PORT) {
    throw invalid(`${JSON.stringify(text)} is no Service: write NAMESPACE/NAME or NAMESPACE/NAME:PORT`);
  }
  return { namespace, name, port };
}

/** API servers accept only https:// URLs without user, query and fragment. */
function parseBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!isPlain || url.protocol !== 'https:' || text.includes('?') || text.includes('#')) {
    throw invalid('the URL must be https://HOST[:PORT][/PATH], without user, query and fragment');
  }
  return `${url.origin}${withoutTrailing(url.pathname, '/')}`;
}

/** @throws InputError `ArgumentInvalid`, which does not show it */
export function parseToken(token: string): string {
  if (token.length >= MIN_TOKEN_LENGTH && TOKEN.test(token)) return token;
  throw invalid(
    `the token must have ${MIN_TOKEN_LENGTH} or more of A-Z, a-z, 0-9, "-" and "_", as openssl rand -hex 32 has`,
  );
}

/** The certificates of a PEM file, as manifests hold them. @throws InputError `ArgumentInvalid` */
export function toBundle(pem: string): string {
  const { certificates } = splitCertificates(pem);
  if (certificates.length === 0) throw invalid('the CA file holds no PEM certificate');
  try {
    for (const certificate of certificates) checkCertificate(certificate);
  } catch (cause) {
    throw new InputError('ArgumentInvalid', 'the CA file holds a PEM block that is not a certificate', { cause });
  }
  // Text around the certificates is left out: it may be a private key.
  return Buffer.from(`${certificates.join('\n')}\n`).toString('base64');
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
