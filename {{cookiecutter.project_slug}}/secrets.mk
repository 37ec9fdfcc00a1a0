# Secrets of the compose files: generated once at random, never committed. Containers run as other
# users than you, so the files are readable by all, and only the folder around them is private.
# The service's containers see the folder `app` and no other file.

SECRETS :=
SECRETS += app/auth_secret_key  # if auth
SECRETS += app/cache_url cache_users  # if cache
SECRETS += app/database_url database_password  # if database
GENERATE = secret=$$(python3 -c 'import secrets; print(secrets.token_hex(32))')
MISPLACED = $(filter-out app $(SECRETS),$(notdir $(wildcard .secrets/*)))

.DELETE_ON_ERROR:
.PHONY: secrets placed
secrets: placed .secrets/app $(SECRETS:%=.secrets/%) ## Generate the secrets that are missing in .secrets/

placed:
	@[ -z "$(MISPLACED)" ] || { \
		echo "secrets: no container reads $(MISPLACED:%=.secrets/%). Secret settings of the service are files in"; \
		echo ".secrets/app: mkdir -p .secrets/app && mv $(MISPLACED:%=.secrets/%) .secrets/app/"; exit 2; }

.secrets:
	@mkdir -m 700 $@

.secrets/app: | .secrets
	@mkdir -m 755 $@
# if auth:

.secrets/app/auth_secret_key: | .secrets/app
	@$(GENERATE) && echo "$$secret" >$@ && chmod 644 $@
# end
# if cache:

.secrets/app/cache_url: | .secrets/app
	@$(GENERATE) && echo "redis://app:$$secret@cache:6379/0" >$@ && chmod 644 $@

# Without a password a client may only ping the server.
.secrets/cache_users: .secrets/app/cache_url
	@{ echo "user default on nopass -@all +ping"; \
	sed 's|.*app:\(.*\)@.*|user app on >\1 ~* \&* +@all -@dangerous|' $<; } >$@ && chmod 644 $@
# end
# if database:

.secrets/database_password: | .secrets
	@$(GENERATE) && echo "$$secret" >$@ && chmod 644 $@

.secrets/app/database_url: .secrets/database_password | .secrets/app
	@echo "postgresql://app:$$(cat $<)@database:5432/app" >$@ && chmod 644 $@
# end
