/**
 * `mintmark completion`: what a shell needs to complete commands, options, names of models and files; made from the
 * commands themselves.
 * @module
 */
import { Argument, type Command } from "commander";
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

type ArgumentKind = "model" | "file" | "other";

interface Completions {
  /** `""` for the program itself, `alias set` for a command of two words. */
  readonly path: string;
  readonly commands: readonly string[];
  readonly options: readonly string[];
  /** By position; the last one goes for all that follow where it is variadic. */
  readonly kinds: readonly ArgumentKind[];
}

function completionsOf(command: Command, path = "", outer: readonly string[] = []): Completions[] {
  const options = [...command.options.flatMap((option) => (option.long ? [option.long] : [])), ...outer];
  const own = {
    path,
    commands: command.commands.map((child) => child.name()),
    options: [...options, "--help"],
    kinds: command.registeredArguments.map(kindOf),
  };
  return [own, ...command.commands.flatMap((child) => completionsOf(child, `${path} ${child.name()}`.trim(), options))];
}

/** By what commands call their arguments. */
function kindOf(argument: Argument): ArgumentKind {
  const name = argument.name();
  if (["file", "dir"].includes(name)) return "file";
  return ["name", "model", "uri", "uri|dir"].includes(name) ? "model" : "other";
}

const scripts = {
  // Names of models come as data: `compgen -W` would expand what stands in them, commands included.
  // Not `path`, `commands` or `options`, which zsh has for itself.
  bash: (all: readonly Completions[]) => `_mintmark() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" at="" word name rest=0 subs opts kinds
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do [[ $word == -* ]] || at="\${at:+$at }$word"; done
  while :; do
    case "$at" in
${all.map(bashCase).join("\n")}
      *" "*) at="\${at% *}"; rest=$((rest + 1)); continue ;;
      *) at=""; rest=$((rest + 1)); continue ;;
    esac
    break
  done
  COMPREPLY=()
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$opts" -- "$cur")); return; fi
  if [[ -n $subs ]]; then COMPREPLY=($(compgen -W "$subs" -- "$cur")); return; fi
  word=""
  for word in $kinds; do [[ $rest -gt 0 ]] || break; rest=$((rest - 1)); done
  if [[ $word == model ]]; then
    while IFS= read -r name; do
      if [[ -n $name && $name == "$cur"* ]]; then COMPREPLY+=("$name"); fi
    done <<< "$(mintmark models list --names --limit 100 --prefix "$cur" 2>/dev/null)"
  fi
  if [[ $word == model || $word == file ]] && [[ \${#COMPREPLY[@]} -eq 0 ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _mintmark mintmark`,
  zsh: (all: readonly Completions[]) => `autoload -U +X bashcompinit && bashcompinit
${scripts.bash(all)}`,
  fish: (all: readonly Completions[]) => `complete -c mintmark -f
${all.flatMap(fishLines).join("\n")}`,
};

function bashCase({ path, commands, options, kinds }: Completions): string {
  const quoted = (words: readonly string[]) => `"${words.join(" ")}"`;
  return `      "${path}") subs=${quoted(commands)} opts=${quoted(options)} kinds=${quoted(kinds)} ;;`;
}

function fishLines({ path, commands, options, kinds }: Completions): string[] {
  const seen = path
    .split(" ")
    .filter(Boolean)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  // A command of one word is not left for one of the same name further on.
  const isOpen = commands.length > 0 && path !== "" ? [`not __fish_seen_subcommand_from ${commands.join(" ")}`] : [];
  const condition = path === "" ? "__fish_use_subcommand" : [...seen, ...isOpen].join("; and ");
  const line = (what: string) => `complete -c mintmark -n '${condition}' ${what}`;
  return [
    ...(commands.length > 0 ? [line(`-a '${commands.join(" ")}'`)] : []),
    ...options.map((option) => line(`-l ${option.slice(2)}`)),
    ...(kinds.includes("model")
      ? [line(`-a '(mintmark models list --names --limit 100 --prefix (commandline -ct) 2>/dev/null)'`)]
      : []),
    ...(kinds.includes("file") || kinds.includes("model") ? [line("-F")] : []),
  ];
}
