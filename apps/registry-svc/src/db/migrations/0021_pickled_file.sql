-- Which files of a version Python would run as code when it loads them, by their names.
-- Serves: VersionService.GetVersion and everything that gives versions.

-- As `pickledName` of libs/crypto.
create index manifest_pickled on manifest_file (version_pk, path) where lower(path) ~
  '(\.(pkl|pickle|joblib|dill|cloudpickle|pt|pth|ckpt)|(^|/)(pytorch_model[^/]*|adapter_model|training_args|optimizer|scheduler)\.bin)$';
