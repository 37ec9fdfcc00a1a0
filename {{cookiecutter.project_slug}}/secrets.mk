# Secrets of the compose files: generated once at random, never committed. Containers run as other
# users than you, so the files are readable by all, and only their folder is private.

SECRETS :=
SECRETS += auth_secret_key  # if auth
SECRETS += cache_url cache_users  # if cache
SECRETS += database_password database_url  # if database
GENERATE = secret=$$(python3 -c 'import secrets; print(secrets.token_hex(32))')

.DELETE_ON_ERROR:
.PHONY: secrets
secrets: $(SECRETS:%=.secrets/%) ## Generate the secrets that are missing in .secrets/

.secrets:
	@mkdir -m 700 $@
# if auth:

.secrets/auth_secret_key: | .secrets
	@$(GENERATE) && echo "$$secret" >$@ && chmod 444 $@
# end
# if cache:

.secrets/cache_url: | .secrets
	@$(GENERATE) && echo "redis://app:$$secret@cache:6379/0" >$@ && chmod 444 $@

# Without a password a client may only PING the server.
.secrets/cache_users: .secrets/cache_url
	@{ echo "user default on nopass -@all +ping"; \
	sed 's|.*app:\(.*\)@.*|user app on >\1 ~* \&* +@all -@dangerous|' $<; } >$@ && chmod 444 $@
# end
# if database:

.secrets/database_password: | .secrets
	@$(GENERATE) && echo "$$secret" >$@ && chmod 444 $@

.secrets/database_url: .secrets/database_password
	@echo "postgresql://app:$$(cat $<)@database:5432/app" >$@ && chmod 444 $@
# end
