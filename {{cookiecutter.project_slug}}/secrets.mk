# Secrets of the compose files: made once, by chance, and never committed. The containers' users are
# not yours, so the files are readable and it is their folder that is closed.

SECRETS :=
SECRETS += auth_secret_key  # if auth
SECRETS += cache_url cache_users  # if cache
SECRETS += database_password database_url  # if database
CHANCE = chance=$$(python3 -c 'import secrets; print(secrets.token_hex(32))')

.DELETE_ON_ERROR:
.PHONY: secrets
secrets: $(SECRETS:%=.secrets/%)

.secrets:
	@mkdir -m 700 $@
# if auth:

.secrets/auth_secret_key: | .secrets
	@$(CHANCE) && echo "$$chance" >$@ && chmod 444 $@
# end
# if cache:

.secrets/cache_url: | .secrets
	@$(CHANCE) && echo "redis://app:$$chance@cache:6379/0" >$@ && chmod 444 $@

# Whoever gives no password may ask whether the server is there, and nothing else.
.secrets/cache_users: .secrets/cache_url
	@{ echo "user default on nopass -@all +ping"; \
	sed 's|.*app:\(.*\)@.*|user app on >\1 ~* \&* +@all -@dangerous|' $<; } >$@ && chmod 444 $@
# end
# if database:

.secrets/database_password: | .secrets
	@$(CHANCE) && echo "$$chance" >$@ && chmod 444 $@

.secrets/database_url: .secrets/database_password
	@echo "postgresql://app:$$(cat $<)@database:5432/app" >$@ && chmod 444 $@
# end
