import * as v from 'valibot';
import { parseDocument } from 'yaml';
import { TOKEN_VARIABLE } from '../../cli/open/api-token.ts';
import { FILE_VARIABLE, SETTINGS } from '../../cli/shell/settings/setting.ts';
import { START_HELP, START_OPTIONS } from '../../local/options.ts';
import { findSource, readMembers, readText, toCell, toCode, toHead, toTable } from './read-source.ts';
import { readFunctions } from './service.ts';

/** docs/reference/configuration.md */
export function makeConfiguration(): string {
  return `${toHead('Configuration', 'the sources, `serverless.yml` and `infra/parameters.yml`')}
Settings, by who gives them.
What may be trusted is none of these: it is in the [trust documents](../guides/trust.md).
The flags of \`signet\` are in [commands.md](commands.md).

## The environment of a function

In a deployment \`serverless.yml\` sets these, and \`npm start\` does on one machine.
A function that lacks one does not start; its log names all that are missing, and never a value.

${toTable(['variable', 'default', 'meaning'], listFunctionVariables())}

Lambda sets these:

${toTable(['variable', 'meaning'], listVariables('RoleVariables'))}

These lead requests to AWS elsewhere:

${toTable(['variable', 'meaning'], listVariables('EndpointVariables'))}

## The environment of every process

Functions, the service on one machine and the command line read these.

${toTable(['variable', 'meaning'], [...listVariables('ProxyVariables'), ...listVariables('LogVariables')])}

## The environment of the command line

They stand in for options: [settings](commands.md#settings).

${toTable(['variable', 'meaning'], listCommandVariables())}

## The flags of the service on one machine

Given after two dashes: \`npm start -- --port 0\`.

${toTable(['flag', 'default', 'meaning'], listServiceFlags())}

## The parameters of a deployment

Kept in \`stages/<stage>.yml\`, as [stages/example.yml](../../stages/example.yml) shows, or given to the packager: \`npm run package -- --stage prod --param="profiles=ocp,okd"\`.
The packager refuses what cannot be deployed before it makes anything, and names each parameter.

${toTable(['parameter', 'default', 'meaning'], listParameters())}
`;
}

function listFunctionVariables(): readonly (readonly string[])[] {
  const source = findSource('interface NeededMembers');
  const kinds = { EveryMember: 'required', NeededMembers: 'required', OptionalMembers: 'none' };
  const functions = readFunctions();
  return Object.entries(kinds).flatMap(([name, fallback]) =>
    readMembers(source, name).map((member) => {
      const owners = functions.filter(({ environment }) => environment.includes(member.name));
      const of = owners.length === 0 ? '' : `; given to ${owners.map((owner) => owner.name).join(', ')}`;
      return [toCode(member.name), fallback, toCell(member.about) + of];
    }),
  );
}

function listVariables(name: string): readonly (readonly string[])[] {
  const source = findSource(`interface ${name}`);
  return readMembers(source, name).map((member) => [toCode(member.name), toCell(member.about)]);
}

function listCommandVariables(): readonly (readonly string[])[] {
  return [
    ...Object.entries(SETTINGS).map(([name, { variable }]) => [
      toCode(variable),
      `stands in for ${toCode(`--${name}`)}`,
    ]),
    [toCode(FILE_VARIABLE), 'the user’s own configuration file'],
    [toCode(TOKEN_VARIABLE), 'a file with the token that a service asks for'],
  ];
}

function listServiceFlags(): readonly (readonly string[])[] {
  const described = new Map(
    [...START_HELP.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)( \S+)? {2,}(\S.*)$/gm)].map(
      ([, name = '', value = '', about = '']) => [name, { value, about }],
    ),
  );
  return Object.entries(START_OPTIONS).map(([name, option]) => {
    const help = described.get(name);
    if (help === undefined) throw new Error(`npm start -- --help does not describe --${name}`);
    const fallback = 'default' in option ? toDefault(option.default) : (DEFAULT.exec(help.about)?.[1] ?? 'none');
    const about = help.about.replace(DEFAULT, (_, __, more?: string) => (more === undefined ? '' : ` (${more})`));
    return [toCode(`--${name}${help.value}`), fallback, toCell(about)];
  });
}

/** What the help of `npm start` says of a default, and what it adds after a semicolon. */
const DEFAULT = / \(default:? ([^;)]*)(?:; ([^)]*))?\)/;

function toDefault(value: string | boolean): string {
  return typeof value === 'string' ? toCode(value) : 'off';
}

const Parameters = v.record(v.string(), v.union([v.string(), v.number()]));
const Stages = v.objectWithRest({ default: Parameters }, Parameters);
const Pair = v.object({ key: v.object({ value: v.string(), commentBefore: v.nullish(v.string()) }) });

function listParameters(): readonly (readonly string[])[] {
  const document = parseDocument(readText('infra/parameters.yml'));
  const { default: defaults, ...stages } = v.parse(Stages, document.toJS());
  const about = readComments(document.get('default'));
  return Object.entries(defaults).map(([name, value]) => {
    const comment = about.get(name) ?? '';
    if (comment === '') throw new Error(`infra/parameters.yml has no comment for the parameter ${name}`);
    const others = Object.entries(stages).flatMap(([stage, values]) =>
      values[name] === undefined ? [] : [`; stage ${stage}: ${toCode(String(values[name]))}`],
    );
    const own = value === '' ? 'none' : toCode(String(value));
    return [toCode(name), own + others.join(''), toCell(comment)];
  });
}

/** The comment of each member of a mapping; of the first one it stands before the mapping. */
function readComments(node: unknown): ReadonlyMap<string, string> {
  const { items, commentBefore } = v.parse(
    v.object({ items: v.array(Pair), commentBefore: v.nullish(v.string()) }),
    node,
  );
  return new Map(
    items.map(({ key }, index) => {
      const comment = key.commentBefore ?? (index === 0 ? commentBefore : undefined) ?? '';
      return [key.value, comment.replaceAll(/\s+/g, ' ').trim()];
    }),
  );
}
