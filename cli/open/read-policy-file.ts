import { parseNodePolicy } from '../../lib/cluster/render/machine-config/machine-config-sources.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import type { ImagePolicy } from '../../lib/trust/policy/image-policy.ts';
import { readInput } from '../shell/read-input.ts';

/** The policy.json that the user named. @throws InputError; ConfigurationError with the line */
export async function readPolicyFile(file: string): Promise<ImagePolicy> {
  return parseNodePolicy({ name: file, bytes: await readInput(file, MAX_TRUST_FILE_BYTES) });
}
