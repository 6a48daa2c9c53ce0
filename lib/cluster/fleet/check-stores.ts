import { parseStoreUrl, withoutTrailing } from '../../base/names/store-url.ts';
import { toShownPlace } from '../../platform/http/http-url.ts';
import { MAX_SIGNATURE_STORES } from '../render/signature-stores.ts';
import { finding, type SignatureStoreState, type SurveyFinding } from './survey.ts';

const WHERE = 'ClusterVersion spec.signatureStores';
const UNSET = 'remove the field to use the default stores';

/**
 * Checks the `signatureStores` of a ClusterVersion: whether the operator can read them, and whether the profile uses them.
 *
 * @param stores undefined without the field: the operator reads the default stores
 * @param known stores of the profile; undefined without trust documents
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
        'the list is empty: the operator treats it as an error and reads no store',
        UNSET,
      ),
    ];
  }
  const urls = stores.map(({ url }) => url);
  return [
    finding('signature-stores', 'note', WHERE, `they replace the default stores: ${urls.map(toShownPlace).join(', ')}`),
    finding(
      'signature-stores',
      'warning',
      WHERE,
      'the field needs the feature gate SignatureStores (TechPreviewNoUpgrade or DevPreviewNoUpgrade), which cannot be undone and prevents minor updates',
    ),
    ...(stores.length > MAX_SIGNATURE_STORES
      ? [broken(WHERE, `${stores.length} stores; a ClusterVersion allows at most ${MAX_SIGNATURE_STORES}`)]
      : []),
    ...stores.flatMap((store, index) => checkStore(store, `${WHERE}[${index}]`, urls.indexOf(store.url) !== index)),
    ...checkKnown(urls, known),
  ];
}

function checkStore({ url, ca }: SignatureStoreState, where: string, isRepeated: boolean): readonly SurveyFinding[] {
  const findings: SurveyFinding[] = [];
  if (isRepeated) findings.push(broken(where, `${toShownPlace(url)} is listed twice`));
  if (ca !== undefined) {
    const message = `ca names the ConfigMap ${ca}: current operators ignore it and do not trust its private certificates`;
    findings.push(
      finding('signature-stores', 'warning', where, message, 'put the certificate in the proxy’s trustedCA'),
    );
  }
  const fault = findFault(url);
  if (fault !== undefined) findings.push(broken(where, fault));
  if (/\/(?:sha(?:256|384|512)[=:-][0-9a-f]*|signature-[0-9]+)\/*$/.test(url)) {
    const message = 'the URL names one signature: the operator appends /sha256=<hex>/signature-1 itself';
    findings.push(broken(where, message));
  }
  if (/^http:/i.test(url)) {
    findings.push(
      finding('signature-stores', 'warning', where, 'the URL is http: anyone on the path can withhold signatures'),
    );
  }
  return findings;
}

/** Why a cluster cannot use the URL, without repeating it: it may hold a password. */
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
  const message = `none is a store of the profile (${known.join(', ')}): releases whose signatures are in none of them, nor in a ConfigMap, do not verify`;
  return [finding('signature-stores', 'warning', WHERE, message)];
}

function withoutSlashes(url: string): string {
  return withoutTrailing(url, '/');
}

function broken(where: string, message: string): SurveyFinding {
  return finding('signature-stores', 'refused', where, message, UNSET);
}
