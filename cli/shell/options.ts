import { InvalidArgumentError, Option } from 'commander';
import { type Platform, parsePlatform } from '../../lib/base/names/platform.ts';
import type { Mode } from '../../lib/trust/prepared/prepared-trust.ts';

export type OutputFormat = 'text' | 'json';

/** Options that several commands share. */
export const options = {
  trust: () =>
    new Option('--trust <dir>', 'trust documents: one profile, or a directory with one sub-directory per profile')
      .argParser(parseNotEmpty)
      .makeOptionMandatory(),
  profile: () => new Option('--profile <name>', 'profile to use (default: the only one, else ocp)'),
  output: () =>
    new Option('-o, --output <format>', 'how to print the result').choices(['text', 'json']).default('text'),
  mode: () =>
    new Option('--mode <mode>', 'warn: a pullspec outside the canonical repositories is only warned about').choices([
      'enforce',
      'warn',
    ]),
  store: () =>
    new Option('--store <url|dir>', 'read signatures here instead of the profile’s stores (repeatable)')
      .argParser(collect)
      .default([], 'the profile’s stores'),
  allowPrivateStores: () =>
    new Option('--allow-private-stores', 'contact stores at loopback and private addresses, for this run'),
  pullSecret: () =>
    new Option('--pull-secret <file>', 'config.json that opens the registries with Sigstore signatures'),
  registriesD: () =>
    new Option('--registries-d <dir>', 'registries.d, which says where signatures are').argParser(parseNotEmpty),
  keyRoot: () => new Option('--root <dir>', 'read the policy’s key paths below this folder').argParser(parseNotEmpty),
  bundleIdentity: () =>
    new Option('--bundle-identity <rule>', 'a Sigstore bundle names no repository: refuse it, or take its digest')
      .choices(['refuse', 'digest'])
      .default('refuse'),
  registryPullSecret: () =>
    new Option('--pull-secret <file>', 'config.json that opens the registry').argParser(parseNotEmpty),
  allowRegistry: () =>
    repeatable('--allow-registry <host>', 'contact this host too, for tokens or redirects (repeatable)'),
  channel: () => repeatable('--channel <name>', 'channel to ask an update service for (repeatable)'),
  arch: () => repeatable('--arch <name>', 'architecture to ask an update service for (repeatable)'),
  registry: () =>
    repeatable(
      '--registry <host=origin>',
      'reach a registry’s API elsewhere, as in localhost:5000=http://localhost:5000 (repeatable)',
    ),
  platform: () =>
    repeatable(
      '--platform <os/arch>',
      'judge the image that nodes of this platform run of an index (repeatable; default: every linux/* of the index)',
    ),
  tlsCa: () => new Option('--tls-ca <file>', 'PEM certificates to trust beside the system’s'),
} as const;

export interface TrustOptions {
  readonly trust: string;
  readonly profile?: string;
}

export interface ModeOptions {
  readonly mode?: Mode;
}

export interface PlatformOptions {
  readonly platform?: readonly string[];
}

/** Undefined where the command line names none. @throws InputError */
export function parsePlatforms({ platform = [] }: PlatformOptions): readonly Platform[] | undefined {
  return platform.length === 0 ? undefined : platform.map(parsePlatform);
}

export interface OutputOptions {
  readonly output: OutputFormat;
}

export interface StoreOptions {
  readonly store: readonly string[];
  readonly allowPrivateStores?: boolean;
  readonly tlsCa?: string;
  /** For the registries whose images a profile's policies require to be signed beside the image. */
  readonly pullSecret?: string;
  /** `HOST=ORIGIN` each: where a registry's API is instead. */
  readonly registry?: readonly string[];
}

/** An option that may be given several times, or not at all. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser(collect).default([], 'none');
}

/** For a repeatable option. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, parseNotEmpty(value)];
}

/** For an option that names something: an empty path would mean the current directory. */
export function parseNotEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('it must not be empty');
  return value;
}

/** Digests that a command handles at a time, at most. */
const MAX_CONCURRENCY = 256;

/** For `--concurrency`. */
export function parseConcurrency(value: string): number {
  const number = Number(value);
  if (/^[0-9]{1,3}$/.test(value) && number >= 1 && number <= MAX_CONCURRENCY) return number;
  throw new InvalidArgumentError(`it must be a number from 1 to ${MAX_CONCURRENCY}`);
}
