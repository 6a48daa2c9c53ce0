import { Lexer } from 'yaml';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';

/** Tokens of one file. The parser takes about 10 µs for each, also for those it refuses. */
export const MAX_YAML_TOKENS = 200_000;
/** Mappings and sequences inside each other, aliases resolved. */
export const MAX_YAML_DEPTH = 100;

// Announces that the next token is the text of a scalar.
const SCALAR = '\x1F';

/** Refuses what would keep the parser busy for long, before it is started. @throws ConfigurationError `LimitExceeded` */
export function checkYamlTokens(document: string, text: string): void {
  let tokens = 0;
  let line = 1;
  let depth = 0;
  let previous = '';
  for (const token of new Lexer().lex(text)) {
    if (previous !== SCALAR) {
      if (token === '[' || token === '{') depth++;
      if (token === ']' || token === '}') depth--;
    }
    if (++tokens > MAX_YAML_TOKENS) {
      throw new ConfigurationError('LimitExceeded', `more than ${MAX_YAML_TOKENS} tokens`, {
        position: { document, line },
      });
    }
    if (depth > MAX_YAML_DEPTH) throw tooDeep(document, line);
    line += countLineFeeds(token);
    previous = token;
  }
}

export function tooDeep(document: string, line: number): ConfigurationError {
  const reason = `more than ${MAX_YAML_DEPTH} mappings and sequences inside each other`;
  return new ConfigurationError('LimitExceeded', reason, { position: { document, line } });
}

function countLineFeeds(token: string): number {
  let count = 0;
  for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) count++;
  return count;
}
