import { parseStoreUrl } from '../../base/names/parse-store-url.ts';
import type { SignatureStoreState } from './cluster-objects.ts';
import { finding, type SurveyFinding } from './survey.ts';

/** Entries of `spec.signatureStores` (`openshift/api` config/v1). */
const MAX_SIGNATURE_STORES = 32;
const WHERE = 'ClusterVersion spec.signatureStores';
const UNSET = 'remove the field to go back to the default stores';

/**
 * Where a cluster's `signatureStores` point, and which of the field's traps it is in.
 *
 * @param stores undefined where the field is not set: the release's own stores are asked
 * @param known stores of the profile; undefined without trust
 */
export function checkStores(
  stores: readonly SignatureStoreState[] | undefined,
  known: readonly string[] | undefined,
): readonly SurveyFinding[] {
  if (stores === undefined) return [];
  if (stores.length === 0) {
    return [
      finding(
        'signature-stores',
        'refused',
        WHERE,
        'an empty list: the operator takes it for an error, and verifies nothing by stores',
        UNSET,
      ),
    ];
  }
  const urls = stores.map(({ url }) => url);
  return [
    finding('signature-stores', 'note', WHERE, `instead of the default stores: ${urls.join(', ')}`),
    finding(
      'signature-stores',
      'warning',
      WHERE,
      'the field needs the feature gate SignatureStores (TechPreviewNoUpgrade or DevPreviewNoUpgrade), which cannot be undone and prevents minor updates',
    ),
    ...(stores.length > MAX_SIGNATURE_STORES
      ? [broken(WHERE, `${stores.length} stores; a ClusterVersion has at most ${MAX_SIGNATURE_STORES}`)]
      : []),
    ...stores.flatMap((store, index) => checkStore(store, `${WHERE}[${index}]`, urls.indexOf(store.url) !== index)),
    ...checkKnown(urls, known),
  ];
}

function checkStore({ url, ca }: SignatureStoreState, where: string, isRepeated: boolean): readonly SurveyFinding[] {
  const findings: SurveyFinding[] = [];
  if (isRepeated) findings.push(broken(where, `${url} is named twice`));
  if (ca !== undefined) {
    const message = `ca names the ConfigMap ${ca}: current operators ignore it, and do not trust a private certificate by it`;
    findings.push(
      finding('signature-stores', 'warning', where, message, 'put the certificate in the proxy’s trustedCA'),
    );
  }
  const fault = findFault(url);
  if (fault !== undefined) findings.push(broken(where, fault));
  if (/\/(?:sha(?:256|384|512)[=:-][0-9a-f]*|signature-[0-9]+)\/*$/.test(url)) {
    const message = 'it points at one signature: the operator appends /sha256=<hex>/signature-1 itself';
    findings.push(broken(where, message));
  }
  if (/^http:/i.test(url)) {
    findings.push(
      finding('signature-stores', 'warning', where, 'it is read over http: who is between can hold signatures back'),
    );
  }
  return findings;
}

/** What a cluster cannot use it for; nothing of the URL is repeated, not even a password. */
function findFault(url: string): string | undefined {
  try {
    return parseStoreUrl(url).startsWith('file:') ? 'a cluster’s store must be http:// or https://' : undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message;
  }
}

function checkKnown(urls: readonly string[], known: readonly string[] | undefined): readonly SurveyFinding[] {
  if (known === undefined || urls.some((url) => known.includes(withoutSlashes(url)))) return [];
  const message = `none of them is a store of the profile (${known.join(', ')}): what they lack, and no ConfigMap has, does not verify`;
  return [finding('signature-stores', 'warning', WHERE, message)];
}

function withoutSlashes(url: string): string {
  return url.replace(/\/+$/, '');
}

function broken(where: string, message: string): SurveyFinding {
  return finding('signature-stores', 'refused', where, message, UNSET);
}
