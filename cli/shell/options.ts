import { InvalidArgumentError, Option } from 'commander';
import { type Platform, parsePlatform } from '../../lib/base/names/platform.ts';
import type { Mode } from '../../lib/trust/prepared/prepared-trust.ts';
import type { NodeVersion } from '../../lib/verdict/judge/nodes.ts';
import type { Judgement } from './formats/judgement.ts';
import type { SettingName } from './settings/setting.ts';

/** How a result is printed: as text, as JSON, or as a template or YAML make it, which are loaded when they are asked for. */
export type OutputFormat = 'text' | 'json' | ResultWriter;

/**
 * Undefined: nothing is printed.
 *
 * @param toJudgement what a command that decides says to a pipeline
 */
export type ResultWriter = (result: unknown, toJudgement?: () => Judgement) => string | undefined;

/** What commander says of a word that is empty. */
export const NOT_EMPTY = 'it must not be empty';

/** Options that several commands share. */
export const options = {
  trust: () =>
    optionalTrust(
      'trust documents: one profile, or a directory with one sub-directory per profile',
    ).makeOptionMandatory(),
  profile: () =>
    asSetting(
      'profile',
      new Option('--profile <name>', 'profile to use (default: the only one, else ocp)').argParser(parseNotEmpty),
      {
        needs: 'trust',
      },
    ),
  output: () => asSetting('output', outputOption('how to print the result', ['text', 'json'], 'text')),
  /** Of a command that decides: for pipelines too. */
  judgedOutput: () =>
    asSetting('output', outputOption('how to print the result', ['text', 'json', 'junit', 'sarif'], 'text')),
  mode: () =>
    new Option('--mode <mode>', 'warn: a pullspec outside the canonical repositories is only warned about').choices([
      'enforce',
      'warn',
    ]),
  store: () =>
    asSetting(
      'store',
      new Option('--store <url|dir>', 'read signatures here instead of the profile’s stores (repeatable)')
        .argParser(collect)
        .default([], 'the profile’s stores'),
      { needs: 'trust' },
    ),
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
  targetVersion: () =>
    new Option('--target-version <version>', 'OpenShift version of the nodes that pull, as in 4.21').argParser(
      parseNodeVersion,
    ),
  platform: () =>
    repeatable(
      '--platform <os/arch>',
      'judge the image that nodes of this platform run of an index (repeatable; default: every linux/* of the index)',
    ),
  tlsCa: () => new Option('--tls-ca <file>', 'PEM certificates to trust beside the system’s'),
} as const;

/** Where a setting stands in for an option that is not given. */
interface SettingRule {
  readonly setting: SettingName;
  /** The attribute of an option without which it would mean nothing. */
  readonly needs?: string;
  /** The attribute of an option that stands in its place. */
  readonly unless?: string;
}

const SETTING_RULES = new WeakMap<Option, SettingRule>();

/** An option that a setting stands in for. */
export function asSetting(setting: SettingName, option: Option, rule: Omit<SettingRule, 'setting'> = {}): Option {
  SETTING_RULES.set(option, { setting, ...rule });
  return option;
}

export function settingOf(option: Option): SettingRule | undefined {
  return SETTING_RULES.get(option);
}

/** `--trust` of a command that does something without it too. */
export function optionalTrust(description: string, rule: Omit<SettingRule, 'setting'> = {}): Option {
  return asSetting('trust', new Option('--trust <dir>', description).argParser(parseNotEmpty), rule);
}

/** Formats besides those that a command names: every result has them. */
const EVERY_FORMAT = ['yaml', 'jsonpath=<template>'] as const;

/** `-o`: what a command names, YAML, and a template as kubectl has it. */
export function outputOption(description: string, formats: readonly string[], fallback: string): Option {
  const choices = [...formats, ...EVERY_FORMAT.filter((one) => !formats.includes(one))];
  const option = new Option('-o, --output <format>', description)
    .choices(choices)
    .argParser((value: string) => {
      if (formats.includes(value) || value === 'yaml' || value.startsWith('jsonpath=')) return value;
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    })
    .default(fallback);
  if (!formats.includes('yaml')) PLAIN_YAML.add(option);
  return option;
}

const PLAIN_YAML = new WeakSet<Option>();

/** Whether `-o yaml` of this option is the result as it is, and no manifest. */
export function isPlainYaml(option: Option): boolean {
  return PLAIN_YAML.has(option);
}

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

/** Options of which the last counts. They decide nothing, and scripts append the options of their callers to their own. */
const LAST_COUNTS = new Set(['--output', '--timeout', '--concurrency', '--limit']);

/**
 * Has an option of one value refuse a second one: of two policies or keys, the first would be left out without a word.
 *
 * @param isGiven whether the command line has given it already
 */
export function takeOnce(option: Option, isGiven: (attribute: string) => boolean): void {
  const parse = option.parseArg;
  const isSingle = (option.required || option.optional) && !option.variadic && parse !== collect;
  if (!isSingle || LAST_COUNTS.has(option.long ?? '')) return;
  let earlier = '';
  option.argParser((value: string, previous: unknown) => {
    if (isGiven(option.attributeName())) {
      throw new InvalidArgumentError(`it takes one value, and has ${JSON.stringify(earlier)} already.`);
    }
    earlier = value;
    return parse === undefined ? value : parse(value, previous);
  });
}

/** For an option that names something: an empty path would mean the current directory. */
export function parseNotEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError(NOT_EMPTY);
  return value;
}

function parseNodeVersion(value: string): NodeVersion {
  const [, major, minor] = /^([0-9]{1,3})\.([0-9]{1,3})(?:\.[0-9A-Za-z.+-]{1,64})?$/.exec(value) ?? [];
  if (major === undefined || minor === undefined) throw new InvalidArgumentError('it must be a version such as 4.21');
  return { major: Number(major), minor: Number(minor) };
}

/** Digests that a command handles at a time, at most. */
const MAX_CONCURRENCY = 256;

/** For `--concurrency`. */
export function parseConcurrency(value: string): number {
  const number = Number(value);
  if (/^[0-9]{1,3}$/.test(value) && number >= 1 && number <= MAX_CONCURRENCY) return number;
  throw new InvalidArgumentError(`it must be a number from 1 to ${MAX_CONCURRENCY}`);
}
