import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { listExpiryWarnings } from '../../lib/trust/prepared/key-expiry.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface CheckTrustOptions extends OutputOptions {
  readonly trust: string;
}

type Checked =
  | { readonly profile: string; readonly loads: true; readonly revision: string; readonly warnings: readonly string[] }
  | { readonly profile: string; readonly loads: false; readonly code: string; readonly fault: string };

/** @returns the exit status */
export async function checkTrust({ trust, output }: CheckTrustOptions): Promise<number> {
  const checked: Checked[] = [];
  for (const { profile, documents } of await readTrustDirectory(trust)) {
    try {
      const prepared = await prepareTrust(profile, documents);
      const warnings = [...prepared.warnings, ...listExpiryWarnings(prepared, new Date())];
      checked.push({ profile, loads: true, revision: prepared.revision, warnings });
    } catch (cause) {
      if (!(cause instanceof ConfigurationError)) throw cause;
      checked.push({ profile, loads: false, code: cause.code, fault: cause.message });
    }
  }
  printResult(output, { profiles: checked }, ({ profiles }) => profiles.map(formatChecked).join('\n'));
  return checked.length > 0 && checked.every(({ loads }) => loads) ? ExitStatus.done : ExitStatus.usage;
}

function formatChecked(checked: Checked): string {
  if (!checked.loads) return `${checked.profile}: does not load: ${checked.fault}`;
  const warnings = checked.warnings.map((warning) => `\n  warning: ${warning}`).join('');
  return `${checked.profile}: loads, revision ${checked.revision}${warnings}`;
}
