import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { listPolicyObjects } from '../../cluster/objects/policy-objects.ts';
import {
  createConfigMapStore,
  parseSignatureConfigMaps,
  type SignatureConfigMap,
} from '../../stores/config-map-store.ts';
import { parseTrustFile } from '../../trust/documents/parse-trust-file.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import type { Candidate } from '../format/read-bundle.ts';
import { describeContent, EXPECTED } from './describe-file.ts';

/** What could not be read, and where. */
export interface ReadFailure {
  readonly location: string;
  readonly message: string;
}

/** Signatures found in a file or a directory of another tool. */
export interface FoundSignatures {
  readonly candidates: readonly Candidate[];
  readonly failures: readonly ReadFailure[];
  /** Names of signature ConfigMaps that hold none: the cluster-version operator empties its own. */
  readonly emptied: readonly string[];
}

/**
 * The signatures of the signature ConfigMaps in a file of YAML or JSON, whoever wrote it: oc-mirror, `oc adm release
 * mirror`, the cluster-version operator or a person, and also within a Policy that brings them to a fleet. Keys that name no digest hold no signature.
 */
export async function readConfigMapFile(file: TrustDocument, signal: AbortSignal): Promise<FoundSignatures> {
  const configMaps = parse(file);
  if (!Array.isArray(configMaps)) return { candidates: [], failures: [configMaps], emptied: [] };
  const candidates: Candidate[] = [];
  const failures: ReadFailure[] = [];
  const emptied = configMaps.filter((one) => listDigests(one).length === 0).map(({ name }) => name);
  for (const configMap of configMaps) {
    const store = createConfigMapStore([configMap], { description: file.name });
    for (const digest of listDigests(configMap)) {
      for await (const entry of store.fetchSignatures({ digest }, signal)) {
        const { kind, location } = entry;
        if (kind === 'signature') candidates.push({ digest, location, untrustedBytes: entry.untrustedBytes });
        if (kind === 'failed') failures.push({ location, message: entry.error.message });
      }
    }
  }
  return { candidates, failures, emptied };
}

function parse(file: TrustDocument): SignatureConfigMap[] | ReadFailure {
  try {
    const documents = parseTrustFile(file).map(({ content }) => content);
    const held = documents.flatMap(listPolicyObjects).map(({ content }) => content);
    return [...parseSignatureConfigMaps([...documents, ...held])];
  } catch (error) {
    if (!(error instanceof ConfigurationError) && !(error instanceof StoreError)) throw error;
    // Of an object, which names its kind, the line says what is wrong; of anything else it would say little.
    const isObject = Buffer.from(file.bytes).includes('kind');
    const message = isObject ? error.message : `${file.name}: ${describeContent(file.bytes)}: ${EXPECTED}`;
    return { location: file.name, message };
  }
}

/** `<algo>-<hex>`, with or without `-` and more behind it. */
function listDigests({ binaryData }: SignatureConfigMap): readonly Digest[] {
  const named = Object.keys(binaryData).map((key) => key.split('-').slice(0, 2).join(':'));
  return [...new Set(named.filter(isDigest))].toSorted();
}
