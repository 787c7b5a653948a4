# Checks and repairs the headers of dismounted ESE / Exchange databases with edbmend, and returns objects.
#
# The program is the one that the environment variable EDBMEND names, or edbmend on the PATH. It asks every guard;
# nothing here overrides one but the switches -Allow..., each of which is a flag of the program.
#
# Runs in Windows PowerShell 5.1 and in PowerShell 7.

Set-StrictMode -Version 2.0

# Runs a command of edbmend with --json, and returns its report. It always prints one, so anything else is a
# failure, after which an operation may be pending.
function Invoke-Edbmend([string] $Command, [string[]] $Arguments) {
    $program = 'edbmend'
    if ($env:EDBMEND) { $program = $env:EDBMEND }
    if (-not (Get-Command $program -ErrorAction SilentlyContinue)) {
        throw "edbmend is not here: no program $program. Put it on the PATH, or name it in the environment variable EDBMEND."
    }
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [Text.Encoding]::UTF8
        # Progress goes to standard error and is left there. Windows PowerShell makes errors of it where it
        # is redirected.
        $text = (& $program $Command --json @Arguments) -join "`n"
        $code = $LASTEXITCODE
    }
    finally {
        [Console]::OutputEncoding = $encoding
    }
    $report = $null
    try { $report = ConvertFrom-Json $text } catch { Write-Verbose "no JSON: $_" }
    if ($null -eq $report) {
        throw ("edbmend $Command ended with $code and without a report. If it was killed, an operation may be " +
            'pending: edbmend recover --dry-run')
    }
    $report
}

# The whole path of a file, as the program takes it, which knows nothing of drives of PowerShell.
function Resolve-FilePath([string] $Path) {
    $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
}

# A flag with its value; nothing where there is no value.
function Get-Option([string] $Flag, [string] $Value) {
    if ($Value) { $Flag; $Value }
}

# A flag with a path; nothing where there is no value.
function Get-PathOption([string] $Flag, [string] $Path) {
    if ($Path) { $Flag; Resolve-FilePath $Path }
}

# The flags of the overrides that were given.
function Get-Override($Given) {
    foreach ($flag in 'allow-unproven-lock', 'allow-shared-backup-dir', 'allow-backup-in-memory') {
        $name = $flag.Replace('-', '')
        if ($Given.ContainsKey($name) -and $Given[$name]) { "--$flag" }
    }
}

# Tells each refusal as an error that stops nothing, with its id, so that -ErrorAction decides.
function Write-Refusal($Report) {
    foreach ($refusal in $Report.refusals) {
        Write-Error -Message ('{0}: {1}: {2} Do: {3}' -f $refusal.id, $refusal.path, $refusal.message, $refusal.remedy) `
            -ErrorId $refusal.id -TargetObject $refusal.path -Category InvalidOperation
    }
}

# What a command that writes came to, for one database.
function ConvertTo-Outcome($Report) {
    $operation = $Report.operation
    $undo = $null
    $folder = $null
    if ($null -ne $operation) {
        $folder = $operation.dir
        $undo = 'Undo-EdbOperation -Operation "{0}"' -f $folder
    }
    $path = @($Report.databases | ForEach-Object { $_.path }) -join ', '
    $next = $null
    if ($Report.outcome -eq 'committed' -and $Report.command -eq 'repair') {
        $next = 'Mount the store and run a full backup at once.'
    }
    [pscustomobject] @{
        PSTypeName   = 'Edbmend.Outcome'
        Path         = $path
        Outcome      = $Report.outcome
        ExitCode     = $Report.exit_code
        Next         = $next
        Undo         = $undo
        OperationDir = $folder
        Changes      = @($Report.databases | ForEach-Object { $_.steps } | Where-Object { $_.kind -eq 'write' } |
                ForEach-Object { $_.changes })
        Findings     = @($Report.databases | ForEach-Object { $_.findings })
        Refusals     = @($Report.refusals)
        Report       = $Report
    }
}

function Get-EdbHeader {
    <#
    .SYNOPSIS
    Reads the headers of databases, streaming files, logs, checkpoints and flush maps. Never writes.
    .PARAMETER Path
    The files.
    .PARAMETER Copy
    Shows one header copy of a database as it is, also a damaged one.
    .EXAMPLE
    Get-EdbHeader D:\mdbdata\priv1.edb | Select-Object 'Path', 'Kind', 'Elected'
    .EXAMPLE
    (Get-EdbHeader D:\mdbdata\priv1.edb).Header.previous_full_backup
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline, ValueFromPipelineByPropertyName)]
        [Alias('FullName')]
        [string[]] $Path,
        [ValidateSet('primary', 'shadow')]
        [string] $Copy
    )
    process {
        foreach ($one in $Path) {
            $report = Invoke-Edbmend 'inspect' (@(Get-Option '--copy' $Copy) + (Resolve-FilePath $one))
            Write-Refusal $report
            $files = @()
            if ($report.PSObject.Properties['files']) { $files = $report.files } # no key where no file was read
            foreach ($file in $files) {
                [pscustomobject] @{
                    PSTypeName = 'Edbmend.Header'
                    Path       = $file.path
                    Kind       = $file.kind
                    Outcome    = $file.outcome
                    Elected    = $file.elected
                    Copies     = $file.copies
                    Header     = $file.header
                }
            }
        }
    }
}

function Test-EdbGroup {
    <#
    .SYNOPSIS
    Finds out what is wrong with databases and storage groups, and what mends it. Never writes.
    .PARAMETER Path
    Dismounted databases, or folders of storage groups.
    .PARAMETER Database
    Databases that lie elsewhere.
    .PARAMETER Deep
    Reads all pages and the bodies of all logs, as a backup does.
    .EXAMPLE
    if (-not (Test-EdbGroup D:\mdbdata).IsSound) { 'look at it' }
    .EXAMPLE
    (Test-EdbGroup D:\mdbdata).WayOut | Format-Table 'step', 'command', 'why'
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline)]
        [string[]] $Path,
        [string[]] $Database = @(),
        [string] $LogDir,
        [string] $SystemDir,
        [switch] $Deep,
        [switch] $Recurse
    )
    process {
        foreach ($one in $Path) {
            $arguments = @(Get-PathOption '--log-dir' $LogDir) + @(Get-PathOption '--system-dir' $SystemDir)
            foreach ($file in $Database) { $arguments += '--db', (Resolve-FilePath $file) }
            if ($Deep) { $arguments += '--deep' }
            if ($Recurse) { $arguments += '--recursive' }
            $report = Invoke-Edbmend 'check' ($arguments + (Resolve-FilePath $one))
            Write-Refusal $report
            [pscustomobject] @{
                PSTypeName = 'Edbmend.Check'
                Path       = $one
                IsSound    = $report.exit_code -eq 0
                Outcome    = $report.outcome
                ExitCode   = $report.exit_code
                Databases  = @($report.databases)
                Findings   = @($report.databases | ForEach-Object { $_.findings }) + @($report.findings)
                WayOut     = @($report.way_out)
                Logs       = $report.logs
                Report     = $report
            }
        }
    }
}

function Repair-EdbHeader {
    <#
    .SYNOPSIS
    Repairs the backup fields of the header, and a damaged header copy, of dismounted databases.
    .DESCRIPTION
    Each database has a run and an outcome of its own; one that is refused stops no other. A backup is made first, and
    each repair can be undone with Undo-EdbOperation. It asks before it writes: -Confirm:$false answers. -WhatIf asks
    every guard and shows what would be written.
    .PARAMETER Path
    The databases. Their stores must be dismounted.
    .PARAMETER From
    An older header of the same database to take the backup fields from.
    .PARAMETER Also
    Findings of severity warning that are mended too, by their ids.
    .EXAMPLE
    Repair-EdbHeader D:\mdbdata\priv1.edb -WhatIf | Select-Object -ExpandProperty Changes
    .EXAMPLE
    Repair-EdbHeader 'D:\mdbdata\priv1.edb', 'D:\mdbdata\pub1.edb' -BackupDir E:\edbmend -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipeline, ValueFromPipelineByPropertyName)]
        [Alias('FullName')]
        [string[]] $Path,
        [string] $LogDir,
        [string] $SystemDir,
        [string] $From,
        [string[]] $Also = @(),
        [ValidateSet('full', 'header')]
        [string] $Backup = 'full',
        [ValidateSet('header', 'full')]
        [string] $Verify = 'header',
        [string] $BackupDir,
        [switch] $AllowUnprovenLock,
        [switch] $AllowSharedBackupDir,
        [switch] $AllowBackupInMemory
    )
    process {
        $arguments = @('--backup', $Backup, '--verify', $Verify) + @(Get-Override $PSBoundParameters)
        $arguments += @(Get-PathOption '--log-dir' $LogDir) + @(Get-PathOption '--system-dir' $SystemDir)
        $arguments += @(Get-PathOption '--from' $From) + @(Get-PathOption '--backup-dir' $BackupDir)
        foreach ($id in $Also) { $arguments += '--also', $id }
        foreach ($one in $Path) {
            $file = Resolve-FilePath $one
            $mode = $null
            if ($PSCmdlet.ShouldProcess($file, 'Repair the backup fields of the header')) { $mode = '--yes' }
            elseif ($WhatIfPreference) { $mode = '--dry-run' }
            if ($null -eq $mode) { continue }
            $report = Invoke-Edbmend 'repair' (@($mode) + $arguments + $file)
            Write-Refusal $report
            ConvertTo-Outcome $report
        }
    }
}

function Undo-EdbOperation {
    <#
    .SYNOPSIS
    Undoes a finished operation, from its operation folder.
    .DESCRIPTION
    Only what that operation changed is put back, and only while nobody has changed it since. The undo is an operation
    of its own and can be undone.
    .PARAMETER Operation
    The operation folder. What Repair-EdbHeader returns can be piped to it.
    .EXAMPLE
    Repair-EdbHeader D:\mdbdata\priv1.edb | Undo-EdbOperation
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('OperationDir')]
        [string] $Operation,
        [string] $BackupDir,
        [switch] $AllowUnprovenLock,
        [switch] $AllowSharedBackupDir,
        [switch] $AllowBackupInMemory
    )
    process {
        $folder = Resolve-FilePath $Operation
        $mode = $null
        if ($PSCmdlet.ShouldProcess($folder, 'Undo the operation')) { $mode = '--yes' }
        elseif ($WhatIfPreference) { $mode = '--dry-run' }
        if ($null -eq $mode) { return }
        $arguments = @(Get-Override $PSBoundParameters) + @(Get-PathOption '--backup-dir' $BackupDir)
        $report = Invoke-Edbmend 'restore' (@($mode) + $arguments + $folder)
        Write-Refusal $report
        ConvertTo-Outcome $report
    }
}
