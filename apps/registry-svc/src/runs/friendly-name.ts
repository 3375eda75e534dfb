/**
 * Names for what nobody named: easy to say and to tell apart, not unique.
 * @module
 */
import { randomInt } from "node:crypto";

/** Such as `calm-heron-417`. */
export function friendlyName(): string {
  return `${oneOf(adjectives)}-${oneOf(animals)}-${randomInt(100, 1_000)}`;
}

function oneOf(words: readonly string[]): string {
  return words[randomInt(words.length)]!;
}

const adjectives = (
  "able agile amber apt bold brave bright brisk calm candid chief clear clever cosmic crisp deft dapper eager early " +
  "fair fleet fond free fresh frank gentle glad golden grand hardy honest humble jolly keen kind lively loyal lucid " +
  "lucky mellow merry mild neat nimble noble patient placid plucky polite proud quick quiet rapid ready robust serene " +
  "sharp silent silver sleek smart smooth snug sober solid spry stable steady stout sturdy sunny swift tidy tranquil " +
  "trusty upbeat valiant vivid warm wise witty young zesty"
).split(" ");

const animals = (
  "auk badger bat bear beaver bee bison boar bream carp cat condor coot crab crane cricket crow deer dingo dove duck " +
  "eagle egret elk ermine falcon ferret finch fox frog gecko goose grebe grouse gull hare hawk heron hound ibex ibis " +
  "jackal jay kestrel kite koala lark lemur linnet lion lizard llama lynx marten mole moose moth mouse newt otter owl " +
  "panda perch pigeon pike plover pony puffin quail rabbit raven robin rook seal shrew skylark snipe sparrow squid " +
  "stoat stork swallow swan swift tern thrush tiger toad trout turtle viper vole walrus whale wolf wren yak zebra"
).split(" ");
