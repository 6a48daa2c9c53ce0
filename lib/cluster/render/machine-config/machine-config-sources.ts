import { InputError } from '../../../base/errors/input-error.ts';
import { parseTrustFile } from '../../../trust/documents/parse-trust-file.ts';
import type { ImagePolicy } from '../../../trust/policy/image-policy.ts';
import { parsePolicyJson } from '../../../trust/policy/parse-policy-json.ts';
import type { TrustDocument } from '../../../trust/prepared/trust-document.ts';
import { readRegistriesD } from '../../../trust/registries-d/read-registries-d.ts';
import type { RegistriesD } from '../../../trust/registries-d/registries-d.ts';

/** Reads the policy that nodes get. @throws ConfigurationError with the line; InputError for what is not UTF-8 */
export function parseNodePolicy({ name, bytes }: TrustDocument): ImagePolicy {
  return parsePolicyJson(name, decode(name, bytes));
}

/** Reads registries.d files as nodes do, together. @throws ConfigurationError with file and line; InputError */
export function parseNodeRegistriesD(files: readonly TrustDocument[]): RegistriesD {
  return readRegistriesD(
    files.flatMap((file) => {
      const [document, second] = parseTrustFile(file);
      if (second !== undefined) throw new InputError('ArgumentInvalid', `${file.name}: expected one document`);
      // A file of comments alone says nothing.
      if (document === undefined) return [];
      return [{ document: file.name, content: document.content, lineOf: document.lineOf }];
    }),
  );
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InputError('FileUnreadable', `${name}: not UTF-8`, { cause });
  }
}
