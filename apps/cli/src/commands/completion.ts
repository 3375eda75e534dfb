/**
 * `mintmark completion`: what a shell needs to complete commands, options, names of models and files; made from the
 * commands themselves.
 * @module
 */
import { Argument, type Command, type Option } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";
import { examples } from "./options.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

export function addCompletionCommand(program: Command, run: Run): void {
  const completion = program.command("completion").description("completion for a shell");
  completion.addArgument(new Argument("<shell>", "which one").choices(shells));
  examples(
    completion,
    'eval "$(mintmark completion bash)"      in ~/.bashrc',
    'eval "$(mintmark completion zsh)"       in ~/.zshrc, after compinit',
    "mintmark completion fish | source       in config.fish",
  );
  completion.action((shell: Shell) => run(completion, async () => completionScript(program, shell)));
}

export function completionScript(program: Command, shell: Shell): Answer {
  const script = scripts[shell](completionsOf(program));
  return { text: script, json: { shell, script } };
}

/** What belongs at a place: names of models, files, both, one of a few words, or nothing that is known. */
type Kind = "model" | "file" | "either" | "other" | readonly string[];

interface CompletedOption {
  /** With its dashes. */
  readonly name: string;
  /** What its value is; undefined where it takes none. */
  readonly value: Kind | undefined;
}

interface Completions {
  /** `""` for the program itself, `alias set` for a command of two words. */
  readonly path: string;
  readonly commands: readonly string[];
  readonly options: readonly CompletedOption[];
  /** By position; the last one goes for all that follow where it is variadic. */
  readonly kinds: readonly Kind[];
  readonly isVariadic: boolean;
}

function completionsOf(command: Command, path = "", outer: readonly CompletedOption[] = []): Completions[] {
  const options = [...command.options.flatMap(completedOption), ...outer];
  const own = {
    path,
    commands: command.commands.map((child) => child.name()),
    options: [...options, { name: "--help", value: undefined }],
    kinds: command.registeredArguments.map((each) => each.argChoices ?? kindOf(each.name())),
    isVariadic: command.registeredArguments.at(-1)?.variadic === true,
  };
  return [own, ...command.commands.flatMap((child) => completionsOf(child, `${path} ${child.name()}`.trim(), options))];
}

function completedOption({ long, flags, argChoices, required, optional }: Option): CompletedOption[] {
  if (!long) return [];
  const [, value = ""] = /<(.+)>/.exec(flags) ?? [];
  return [{ name: long, value: required || optional ? (argChoices ?? kindOf(value)) : undefined }];
}

/** By what commands call their arguments. */
function kindOf(name: string): Kind {
  if (["file", "files", "dir"].includes(name)) return "file";
  if (name === "uri|dir") return "either";
  return ["name", "model", "uri"].includes(name) ? "model" : "other";
}

/** As one word: a list of choices by commas, which none of them has. */
function kindWord(kind: Kind): string {
  return typeof kind === "string" ? kind : `=${kind.join(",")}`;
}

/** Those after which a word is their value, and no command. */
function valuedOptions(all: readonly Completions[]): string[] {
  const names = all.flatMap(({ options }) =>
    options.filter(({ value }) => value !== undefined).map(({ name }) => name),
  );
  return [...new Set(names)];
}

const listModels = "mintmark models list --names --limit 100 --prefix";

const scripts = {
  // Names of models come as data: `compgen -W` would expand what stands in them, commands included.
  // Not `path`, `commands` or `options`, which zsh has for itself. Bash splits words at colons and equals signs, too.
  bash: (all: readonly Completions[]) => `_mintmark() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" at="" prev="" word name kind="" rest=0 joins=0 subs opts kinds values
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    if [[ $word == [:=] ]]; then joins=1; continue; fi
    if [[ $joins == 1 ]]; then joins=0; prev=""; continue; fi
    case "$prev" in
      ${valuedOptions(all).join("|")}) prev=""; continue ;;
    esac
    prev="$word"
    [[ $word == -* ]] || at="\${at:+$at }$word"
  done
  while :; do
    case "$at" in
${all.map(bashCase).join("\n")}
      *" "*) at="\${at% *}"; rest=$((rest + 1)); continue ;;
      *) at=""; rest=$((rest + 1)); continue ;;
    esac
    break
  done
  COMPREPLY=()
  for word in $values; do if [[ -n $prev && $word == "$prev:"* ]]; then kind="\${word#*:}"; fi; done
  if [[ -z $kind ]]; then
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$opts" -- "$cur")); return; fi
    if [[ -n $subs ]]; then COMPREPLY=($(compgen -W "$subs" -- "$cur")); return; fi
    for kind in $kinds; do [[ $rest -gt 0 ]] || break; rest=$((rest - 1)); done
  fi
  if [[ $kind == =* ]]; then COMPREPLY=($(compgen -W "$(printf '%s' "\${kind#=}" | tr , ' ')" -- "$cur")); return; fi
  if [[ $kind == model || $kind == either ]]; then
    while IFS= read -r name; do
      if [[ -n $name && $name == "$cur"* ]]; then COMPREPLY+=("$name"); fi
    done <<< "$(${listModels} "$cur" 2>/dev/null)"
  fi
  if [[ $kind == file || ( $kind == either && \${#COMPREPLY[@]} -eq 0 ) ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _mintmark mintmark`,
  zsh: (all: readonly Completions[]) => `autoload -U +X bashcompinit && bashcompinit
${scripts.bash(all)}`,
  // `__mintmark_at PATH [FROM [TO]]`: whether that command stands there, with so many words behind it.
  fish: (all: readonly Completions[]) => `complete -c mintmark -f
set -g __mintmark_paths ${all.map(({ path }) => `'${path}'`).join(" ")}
function __mintmark_at
  set -l words
  set -l skips 0
  for word in (commandline -opc)[2..]
    if test $skips = 1
      set skips 0
      continue
    end
    switch $word
      case ${valuedOptions(all).join(" ")}
        set skips 1
      case '-*'
      case '*'
        set -a words $word
    end
  end
  set -l rest 0
  while test (count $words) -gt 0; and not contains -- "$words" $__mintmark_paths
    set -e words[-1]
    set rest (math $rest + 1)
  end
  test "$words" = "$argv[1]"; or return 1
  set -q argv[2]; or return 0
  test $rest -ge $argv[2]; or return 1
  set -q argv[3]; or return 0
  test $rest -le $argv[3]
end
${all.flatMap(fishLines).join("\n")}`,
};

function bashCase({ path, commands, options, kinds, isVariadic }: Completions): string {
  const quoted = (words: readonly string[]) => `"${words.join(" ")}"`;
  const values = options.flatMap(({ name, value }) => (value === undefined ? [] : [`${name}:${kindWord(value)}`]));
  // What follows the last place takes the kind of that: nothing, unless it is variadic.
  const places = [...kinds.map(kindWord), ...(isVariadic ? [] : ["other"])];
  const names = options.map(({ name }) => name);
  return `      "${path}") subs=${quoted(commands)} opts=${quoted(names)} kinds=${quoted(places)} values=${quoted(values)} ;;`;
}

function fishLines({ path, commands, options, kinds, isVariadic }: Completions): string[] {
  const line = (what: string, places = "") => `complete -c mintmark -n "__mintmark_at '${path}'${places}" ${what}`;
  const optionLine = ({ name, value }: CompletedOption) =>
    line([`-l ${name.slice(2)}`, ...(value === undefined ? [] : fishKind(value, "-x", "-r -F"))].join(" "));
  return [
    ...(commands.length > 0 ? [line(`-a '${commands.join(" ")}'`, " 0 0")] : []),
    ...options.map(optionLine),
    ...kinds.flatMap((kind, at) =>
      fishKind(kind, "", "-F").map((what) =>
        line(what, isVariadic && at === kinds.length - 1 ? ` ${at}` : ` ${at} ${at}`),
      ),
    ),
  ];
}

/** What is completed, after a word for a value of which fish knows nothing, or for files. */
function fishKind(kind: Kind, alone: string, files: string): string[] {
  const models = `-a '(${listModels} (commandline -ct) 2>/dev/null)'`;
  if (typeof kind !== "string") return [`${alone} -a '${kind.join(" ")}'`.trim()];
  if (kind === "model") return [`${alone} ${models}`.trim()];
  if (kind === "either") return [`${models} ${files}`];
  return kind === "file" ? [files] : alone === "" ? [] : [alone];
}
