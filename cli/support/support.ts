import { release } from 'node:os';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { VERIFIER_VERSION } from '../../lib/verdict/judge/verdict.ts';
import type { OutputOptions } from '../shell/options.ts';
import { formatTable, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { SETTINGS, type Setting, type SettingName, type Settings, toHome } from '../shell/settings/setting.ts';
import { loadSettings } from '../shell/settings/settings.ts';
import { toShownPlace, toShownValue } from './redact.ts';

export interface SupportOptions extends OutputOptions {
  readonly trust?: string;
}

/** A code, and where the fault is: its text repeats what a file holds. */
interface Fault {
  readonly code: string;
  readonly at?: string;
}

interface ShownSetting {
  readonly setting: SettingName;
  readonly values: readonly string[];
  readonly from: string;
  readonly state: 'used' | 'overridden' | 'refused';
}

interface ShownProfile {
  readonly profile: string;
  readonly revision?: string;
  readonly fault?: Fault;
}

/** What `-o json` prints. */
interface Support {
  readonly kind: 'Support';
  readonly schema: 1;
  readonly signet: string;
  readonly node: string;
  readonly openssl: string;
  readonly platform: string;
  readonly system: string;
  readonly settings: readonly ShownSetting[];
  readonly settingsFault?: Fault;
  /** Environment variables that are set, by name alone. */
  readonly environment: readonly string[];
  readonly trust: readonly ShownProfile[];
  readonly trustFault?: Fault;
}

/** Variables that change what Signet does; others say too much of a machine. */
const VARIABLES = /^(?:SIGNET_[A-Z0-9_]+|AWS_[A-Z0-9_]+|(?:https?|no|all)_proxy|NODE_[A-Z_]+|SSL_CERT_(?:FILE|DIR))$/i;
const KNOWN_NAME = /^[A-Za-z_]{1,48}$/;

/** @returns the exit status: a fault that is told is no failure of this command */
export async function showSupport({ trust: given, output }: SupportOptions): Promise<number> {
  const { env, versions, platform, arch } = process;
  const home = toHome(env);
  const settings = await loadSettings(env, process.cwd());
  const support: Support = {
    kind: 'Support',
    schema: 1,
    signet: VERIFIER_VERSION.replace('signet/', ''),
    node: versions.node,
    openssl: versions.openssl ?? 'none',
    platform: `${platform}/${arch}`,
    system: release(),
    ...readSettings(settings, home),
    environment: Object.keys(env)
      .filter((name) => VARIABLES.test(name) && KNOWN_NAME.test(name) && env[name] !== '')
      .toSorted(),
    ...(await readRevisions(() => given ?? settings.find('trust')?.values[0], home)),
  };
  printResult(output, support, formatSupport);
  return ExitStatus.done;
}

function readSettings(settings: Settings, home: string | undefined): Pick<Support, 'settings' | 'settingsFault'> {
  try {
    const names = Object.keys(SETTINGS) as SettingName[];
    return { settings: names.flatMap((name) => settings.list(name).map((one, at) => toShown(name, one, at, home))) };
  } catch (error) {
    return { settings: [], settingsFault: toFault(error, home) };
  }
}

function toShown(setting: SettingName, one: Setting, at: number, home: string | undefined): ShownSetting {
  const isVariable = one.from === SETTINGS[setting].variable;
  const state = at > 0 ? 'overridden' : one.refusal === undefined ? 'used' : 'refused';
  return {
    setting,
    values: one.values.map((value) => toShownValue(setting, value, home)),
    from: isVariable ? one.from : toShownPosition(one.from, home),
    state,
  };
}

async function readRevisions(
  find: () => string | undefined,
  home: string | undefined,
): Promise<Pick<Support, 'trust' | 'trustFault'>> {
  try {
    const trust = find();
    const profiles: ShownProfile[] = [];
    if (trust === undefined) return { trust: profiles };
    for (const { profile, documents } of await readTrustDirectory(trust)) {
      profiles.push({
        profile: toShownValue('profile', profile, home),
        ...(await readRevision(profile, documents, home)),
      });
    }
    return { trust: profiles };
  } catch (error) {
    return { trust: [], trustFault: toFault(error, home) };
  }
}

async function readRevision(
  profile: string,
  documents: readonly TrustDocument[],
  home: string | undefined,
): Promise<Omit<ShownProfile, 'profile'>> {
  try {
    return { revision: (await prepareTrust(profile, documents)).revision };
  } catch (error) {
    return { fault: toFault(error, home) };
  }
}

function toFault(error: unknown, home: string | undefined): Fault {
  if (!(error instanceof Error)) throw error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const position = error instanceof ConfigurationError ? error.position : undefined;
  if (position === undefined) return { code };
  const { document, line } = position;
  return { code, at: `${toShownPlace(document, home)}${line === undefined ? '' : `:${line}`}` };
}

/** `file:line` */
function toShownPosition(position: string, home: string | undefined): string {
  const line = /:[0-9]{1,9}$/.exec(position)?.[0] ?? '';
  return `${toShownPlace(position.slice(0, position.length - line.length), home)}${line}`;
}

function formatSupport(support: Support): string {
  const { signet, node, openssl, platform, system, settings, environment, trust } = support;
  return [
    `signet    ${signet}`,
    `node      ${node} (OpenSSL ${openssl})`,
    `platform  ${platform}, ${system}`,
    '',
    ...(trust.length === 0 ? [`trust: ${formatFault(support.trustFault, 'none named')}`] : ['trust:']),
    ...trust.map(({ profile, revision, fault }) => `  ${profile}  ${revision ?? formatFault(fault, '')}`),
    '',
    ...(settings.length === 0 ? [`settings: ${formatFault(support.settingsFault, 'none')}`] : ['settings:']),
    ...formatTable(settings.map(({ setting, values, from, state }) => [setting, values.join(' '), from, state])).map(
      (row) => `  ${row}`,
    ),
    '',
    `variables that are set: ${environment.length === 0 ? 'none' : environment.join(', ')}`,
  ].join('\n');
}

function formatFault(fault: Fault | undefined, otherwise: string): string {
  if (fault === undefined) return otherwise;
  return `does not load: ${fault.code}${fault.at === undefined ? '' : ` at ${fault.at}`}`;
}
