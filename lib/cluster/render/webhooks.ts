import { InputError } from '../../base/errors/input-error.ts';
import { checkCertificate, splitCertificates } from '../../platform/http/tls-trust.ts';
import { ADMISSION_KINDS, type AdmissionResource } from './admission-kinds.ts';

export interface WebhookOptions {
  /** The `https://` URL of the API, without `/admission/…`. */
  readonly url: string;
  /** The token of the cluster. */
  readonly token: string;
  /** PEM certificates that the API server trusts instead of the system's. */
  readonly ca?: string | undefined;
  readonly timeoutSeconds: number;
  readonly failurePolicy: 'Fail' | 'Ignore';
}

/** Seconds that an API server waits for a webhook at most. */
const MAX_TIMEOUT_SECONDS = 30;
/** Least characters of a token: a shorter one could be guessed. */
const MIN_TOKEN_LENGTH = 16;
const TOKEN = /^[A-Za-z0-9_-]+$/;

/**
 * Renders the ValidatingWebhookConfiguration of one kind (`k8s.io/api` admissionregistration/v1). The same input gives
 * the same bytes. The result holds the token.
 *
 * @throws InputError `ArgumentInvalid`, without the token in it
 */
export function toWebhook(resource: AdmissionResource, options: WebhookOptions): object {
  const { group, version, scope, paths } = ADMISSION_KINDS[resource];
  const { ca, timeoutSeconds, failurePolicy } = options;
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > MAX_TIMEOUT_SECONDS) {
    throw invalid(`the timeout is ${timeoutSeconds}: give 1 to ${MAX_TIMEOUT_SECONDS} seconds`);
  }
  const url = `${parseBase(options.url)}/admission/${parseToken(options.token)}/${resource}`;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: `signet-${resource}` },
    webhooks: [
      {
        name: `${resource}.admission.signet`,
        clientConfig: { url, ...(ca === undefined ? {} : { caBundle: toBundle(ca) }) },
        rules: [
          {
            apiGroups: [group],
            apiVersions: [version],
            operations: ['CREATE', 'UPDATE'],
            resources: [resource],
            scope,
          },
        ],
        matchPolicy: 'Equivalent',
        matchConditions: [{ name: 'release-changed', expression: toExpression(resource, paths) }],
        failurePolicy,
        sideEffects: 'None',
        timeoutSeconds,
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

/**
 * CEL that is true when one of the fields is new or changed. `has` guards each member: an expression that fails denies
 * the request without a review. An image set without an image is reviewed too, since Hive denies it.
 */
function toExpression(resource: AdmissionResource, paths: readonly string[]): string {
  const changes = paths.map((path) => {
    const isThere = hasPath('object', path);
    const isNew = `(oldObject == null || !(${hasPath('oldObject', path)}) || object.${path} != oldObject.${path})`;
    return resource === 'clusterimagesets' ? `!(${isThere}) || ${isNew}` : `(${isThere} && ${isNew})`;
  });
  return changes.join(' || ');
}

/** `has(object.spec) && has(object.spec.release) && …` */
function hasPath(root: string, path: string): string {
  const members = path.split('.');
  return members.map((_, index) => `has(${[root, ...members.slice(0, index + 1)].join('.')})`).join(' && ');
}

/** API servers accept only https:// URLs without user, query and fragment. */
function parseBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!isPlain || url.protocol !== 'https:' || text.includes('?') || text.includes('#')) {
    throw invalid('the URL must be https://HOST[:PORT][/PATH], without user, query and fragment');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function parseToken(token: string): string {
  if (token.length >= MIN_TOKEN_LENGTH && TOKEN.test(token)) return token;
  throw invalid(
    `the token must have ${MIN_TOKEN_LENGTH} or more of A-Z, a-z, 0-9, "-" and "_", as openssl rand -hex 32 has`,
  );
}

function toBundle(pem: string): string {
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
