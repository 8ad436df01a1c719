/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.console.HiddenLine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.login.Logins;
import dev.caisson.engine.spec.RegistryAuth;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The caller's logins at registries: where docker keeps them, so that either knows those of the
 * other.
 */
final class LoginCommands {
  private static final int LONGEST = 64 << 10;

  private LoginCommands() {}

  /** Which registry. */
  static final class RegistryArgument {
    @Parameters(
        arity = "0..1",
        paramLabel = "REGISTRY",
        description = "HOST[:PORT]; that of short names if missing")
    String server = "";

    String registry() {
      return Logins.registry(server);
    }
  }

  @Command(name = "login", description = "Log in at a registry, for pull, push and build")
  static final class Login extends EngineCommand {
    @Option(
        names = {"-u", "--username"},
        paramLabel = "NAME",
        description = "who you are there; asked for if missing")
    Optional<String> user = Optional.empty();

    @Option(
        names = {"-p", "--password"},
        paramLabel = "TEXT",
        description = "password or token; other users of this host can see it")
    Optional<String> password = Optional.empty();

    @Option(names = "--password-stdin", description = "read the password from standard input")
    boolean passwordFromInput;

    @Mixin RegistryArgument argument = new RegistryArgument();

    @Override
    public Integer call() {
      var registry = argument.registry();
      try {
        var login = asked(registry);
        engine().host().login(login);
        boolean helped = logins().keep(login);
        if (!helped) {
          console()
              .err()
              .println("The password is kept as text in " + logins().file() + ", for you alone.");
        }
        print("Login Succeeded");
        return 0;
      } catch (IOException e) {
        throw EngineException.io(String.valueOf(e.getMessage()), e);
      }
    }

    private RegistryAuth asked(String registry) throws IOException {
      if (passwordFromInput) {
        if (password.isPresent()) {
          throw EngineException.invalid(
              "--password and --password-stdin are mutually exclusive", "leave one of them out");
        }
        if (user.isEmpty()) {
          throw EngineException.invalid(
              "Must provide --username with --password-stdin", "caisson login -u NAME");
        }
        return RegistryAuth.password(registry, user.get(), input().strip());
      }
      if (user.isEmpty() && password.isEmpty()) {
        var known = logins().forRegistry(registry);
        if (!known.user().isEmpty()) {
          print("Authenticating with existing credentials... [Username: " + known.user() + "]");
          return known;
        }
      }
      var name = user.isPresent() ? user.get() : typedName();
      var secret = password.isPresent() ? password.get() : hidden();
      if (name.isEmpty() || secret.isEmpty()) {
        throw EngineException.invalid("name and password must be given", "caisson login -u NAME");
      }
      return RegistryAuth.password(registry, name, secret);
    }

    private String typedName() throws IOException {
      requireTerminal();
      console().err().print("Username: ");
      console().err().flush();
      var typed = new ByteArrayOutputStream();
      for (int key = console().in().read();
          key >= 0 && key != '\n' && typed.size() < LONGEST;
          key = console().in().read()) {
        typed.write(key);
      }
      return typed.toString(StandardCharsets.UTF_8).strip();
    }

    private String hidden() throws IOException {
      requireTerminal();
      return new String(
          HiddenLine.ask(console(), "Password: ").orElseThrow(), StandardCharsets.UTF_8);
    }

    private void requireTerminal() {
      if (!console().isTerminal(0)) {
        throw EngineException.invalid(
            "Cannot perform an interactive login from a non TTY device",
            "caisson login -u NAME --password-stdin <FILE");
      }
    }

    private String input() throws IOException {
      var bytes = console().in().readNBytes(LONGEST + 1);
      if (bytes.length > LONGEST) {
        throw EngineException.invalid(
            "the password on standard input is longer than " + LONGEST + " bytes", "another file");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  @Command(name = "logout", description = "Forget a login at a registry")
  static final class Logout extends EngineCommand {
    @Mixin RegistryArgument argument = new RegistryArgument();

    @Override
    public Integer call() {
      var registry = argument.registry();
      print(
          logins().forget(registry)
              ? "Removing login credentials for " + registry
              : "Not logged in to " + registry);
      return 0;
    }
  }
}
