import { applyDecorators } from "@nestjs/common";
import { existsSync, readFileSync } from "node:fs";
import { Transform, plainToInstance, type TransformFnParams } from "class-transformer";
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Max,
  Min,
  registerDecorator,
  validateSync,
} from "class-validator";
import "reflect-metadata";
import { parseEnvFile } from "./parse-env-file.js";

/** Every fault of an environment at once, one line each: the variable's name and what it may be. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(faults.join("\n"));
    this.name = "ConfigError";
  }
}

/** Adds the variables of `./.env`, where there is one. What the environment has already wins. @throws ConfigError */
export function loadEnvFile(): void {
  if (!existsSync(".env")) return;
  try {
    for (const [name, value] of Object.entries(parseEnvFile(readFileSync(".env"))))
      process.env[name] ??= value;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError([code === undefined ? message : `.env cannot be read: ${message}`]);
  }
}

/**
 * Parses an environment into a config class whose properties are named after their variables. Empty means
 * unset. Values never stand in an error: some are secrets.
 * @throws ConfigError
 */
export function loadConfig<T extends object>(Config: new () => T, env: NodeJS.ProcessEnv): T {
  const known = Object.keys(new Config());
  const given = Object.fromEntries(
    known.flatMap((name) => (env[name] === undefined || env[name] === "" ? [] : [[name, env[name]]])),
  );
  const config = plainToInstance(Config, given, { exposeDefaultValues: true });
  const faults = validateSync(config, { stopAtFirstError: true }).map(
    ({ property, constraints }) => `${property} ${Object.values(constraints ?? { "": "is not valid" })[0]}`,
  );
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

export function IsIntVariable(min: number, max: number): PropertyDecorator {
  const message = `must be a whole number from ${min} to ${max}`;
  return applyDecorators(
    Transform(({ value }: TransformFnParams) => toNumber(value)),
    Max(max, { message }),
    Min(min, { message }),
    IsInt({ message }),
  );
}

export function IsNumberVariable(min: number): PropertyDecorator {
  const message = `must be a number, at least ${min}`;
  return applyDecorators(
    Transform(({ value }: TransformFnParams) => toNumber(value)),
    Min(min, { message }),
    IsNumber({}, { message }),
  );
}

/** Blanks alone are no number, where JavaScript takes them for 0: that turns the cache off. */
function toNumber(value: unknown): number {
  return String(value).trim() === "" ? NaN : Number(value);
}

export function IsBooleanVariable(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: TransformFnParams): unknown =>
      value === "true" || value === "1" ? true : value === "false" || value === "0" ? false : value,
    ),
    IsBoolean({ message: "must be true or false" }),
  );
}

export function IsOneOfVariable(values: readonly string[]): PropertyDecorator {
  return IsIn(values, { message: `must be one of ${values.join(", ")}` });
}

export function IsTextVariable(): PropertyDecorator {
  return IsString();
}

/**
 * A variable that is read into a value of its own shape. `parse` throws an Error whose message says what
 * the variable may be; the fault is then listed with the others.
 */
export function IsParsedVariable(parse: (text: string) => unknown): PropertyDecorator {
  return (target, property) => {
    const faultOf = (value: unknown): string | undefined => {
      try {
        parse(value as string);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    };
    applyDecorators(IsTextVariable())(target, property);
    IsValid(faultOf)(target, property);
  };
}

function IsValid(faultOf: (value: unknown) => string | undefined): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: "isValid",
      target: target.constructor,
      propertyName: property as string,
      validator: {
        validate: (value: unknown) => faultOf(value) === undefined,
        defaultMessage: (args) => faultOf(args?.value) ?? "is not valid",
      },
    });
}
